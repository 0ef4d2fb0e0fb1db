// Where do HR's CSV exports arrive, when HR source csv is read? An account of its own, so that whoever brings them comes
// near neither the host's files nor the ledger. Who may write there is granted by hand (docs/vendors/csv.md).

@description('Name of the account.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Lets exports be brought over SFTP. Decide beforehand: a hierarchical namespace cannot be taken away.')
param sftp bool

@description('Closes the account to everything but its private endpoint and the senders.')
param isPrivate bool

@description('Public addresses, or ranges of them, that exports are brought from.')
param senders string[]

@description('Exports are deleted after so many days; they are personal data.')
param keepDays int

@description('Makes a second container, for the file that Instroom writes accounts to.')
param accounts bool

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Name of the container.')
@export()
var container = 'exports'

@description('Name of the container that accounts are written to.')
@export()
var accountsContainer = 'accounts'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: sftp
    isLocalUserEnabled: sftp
    isSftpEnabled: sftp
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate && empty(senders) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      ipRules: map(senders, sender => { action: 'Allow', value: sender })
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource arriving 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: container
  properties: { publicAccess: 'None' }
}

// Of its own, so that what Instroom writes is not read as an export, and so that it may write nowhere else.
resource written 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = if (accounts) {
  parent: blobs
  name: accountsContainer
  properties: { publicAccess: 'None' }
}

resource clearing 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-exports'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${container}/'] }
            actions: {
              baseBlob: {
                delete: { daysAfterModificationGreaterThan: keepDays }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

#disable-next-line use-recent-api-versions // the rule wants 2016-09-01, which knows no category groups
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}
