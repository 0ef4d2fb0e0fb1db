// Which queues carry the work? The ones that functions of the app listen to, each as the application expects it.

@description('Name of the namespace.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Premium, closed to everything but its private endpoint. Standard knows no private endpoint.')
param isPrivate bool

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('One queue: what differs from the others. The rest is the same for all, below.')
@export()
type queue = {
  @description('Name, as the functions name it.')
  name: string

  @description('Whether one person\'s messages are handled one after the other. Fixed at creation.')
  sessions: bool

  @description('How long a message may wait before it is dead-lettered.')
  timeToLive: string
}

@description('The queues.')
@export()
var queues queue[] = [
  { name: 'hr-signals', sessions: false, timeToLive: 'P1D' }
  { name: 'entra', sessions: true, timeToLive: 'P14D' }
  { name: 'topdesk', sessions: true, timeToLive: 'P14D' }
  { name: 'hr-updates', sessions: true, timeToLive: 'P14D' }
  { name: 'notices', sessions: false, timeToLive: 'P14D' }
]

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  sku: isPrivate ? { name: 'Premium', tier: 'Premium', capacity: 1 } : { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource entity 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = [
  for one in queues: {
    parent: namespace
    name: one.name
    properties: {
      requiresSession: one.sessions
      defaultMessageTimeToLive: one.timeToLive
      deadLetteringOnMessageExpiration: true
      lockDuration: 'PT5M'
      maxDeliveryCount: 5
      requiresDuplicateDetection: true
      duplicateDetectionHistoryTimeWindow: 'PT10M'
      maxSizeInMegabytes: 1024
    }
  }
]

#disable-next-line use-recent-api-versions // the rule wants 2016-09-01, which knows no category groups
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { categoryGroup: 'allLogs', enabled: true }
    ]
  }
}

@description('Resource id of the namespace.')
output id string = namespace.id
