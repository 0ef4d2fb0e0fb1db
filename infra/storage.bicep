// Where does the host keep its files, and where does Instroom keep its ledger? Two accounts without keys: what may be
// lost (packages, locks) and what may never be (people and their history) have different owners, locks and logs.

@description('Name of the host\'s account.')
param hostName string

@description('Name of the ledger\'s account.')
param ledgerName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Copies of the ledger: one place, three zones, or also another region.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param ledgerSku string

@description('Closes both accounts to everything but private endpoints.')
param isPrivate bool

@description('Puts a lock on the ledger\'s account: tables have no soft delete.')
param lockLedger bool

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('The ledger\'s tables. The app makes one that is missing.')
@export()
var tables = [
  'batches'
  'calls'
  'cursors'
  'drift'
  'due'
  'erasures'
  'firstsignins'
  'groups'
  'guard'
  'history'
  'identities'
  'journal'
  'matches'
  'measures'
  'names'
  'notices'
  'pending'
  'people'
  'policies'
  'reports'
  'seals'
  'sponsors'
  'tokens'
  'upkeep'
  'waits'
]

var packages = 'packages'

var closed = {
  accessTier: 'Hot'
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  allowSharedKeyAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  networkAcls: {
    bypass: 'None'
    defaultAction: isPrivate ? 'Deny' : 'Allow'
  }
}

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: hostName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: closed
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: host
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: hostBlobs
  name: packages
  properties: { publicAccess: 'None' }
}

#disable-next-line use-recent-api-versions // the rule wants 2016-09-01, which knows no category groups
resource hostLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: hostBlobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

resource ledger 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: ledgerName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: ledgerSku }
  properties: closed
}

resource ledgerTables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: ledger
  name: 'default'
}

resource ledgerTable 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for table in tables: {
    parent: ledgerTables
    name: table
  }
]

// StorageRead is left out on purpose: the address of a read holds the row's key, and in `names` that is a login name.
#disable-next-line use-recent-api-versions // the rule wants 2016-09-01, which knows no category groups
resource ledgerLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: ledgerTables
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

resource ledgerLock 'Microsoft.Authorization/locks@2020-05-01' = if (lockLedger) {
  scope: ledger
  name: 'keep-the-ledger'
  properties: {
    level: 'CanNotDelete'
    notes: 'Who is who, what was given to whom and why. Nothing else can tell it again.'
  }
}

@description('Where the app\'s package lies.')
output packagesUrl string = '${host.properties.primaryEndpoints.blob}${packageContainer.name}'
