// Who may do what in Azure? All role assignments, each on one resource. What the app may do in Entra ID is granted in
// Graph by an administrator (docs/deploy.md). Nobody gets a role on the ledger but the app.

import { queues } from 'servicebus.bicep'
import { accountsContainer, container as exportContainer } from 'exports.bicep'

@description('Name of the app\'s identity.')
param identityName string

@description('Object id of the person or group who sets the secrets; empty: granted by hand.')
param keeperId string

@description('What the keeper of the vault is.')
@allowed(['Group', 'User'])
param keeperType string

@description('Name of the host\'s storage account.')
param hostStorageName string

@description('Name of the ledger\'s storage account.')
param ledgerName string

@description('Name of the Service Bus namespace.')
param namespaceName string

@description('Name of the vault.')
param vaultName string

@description('Lets the app keep tokens in the vault that it renews itself, such as those of a consent.')
param keepsTokens bool

@description('Name of the Application Insights component.')
param insightsName string

@description('Name of the account that CSV exports arrive in; empty: there is none.')
param exportsName string

@description('Whether that account has a container that the app writes accounts to.')
param writesAccounts bool

// Microsoft Learn, "Azure built-in roles".
var roles = {
  serviceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// Names hang on the identity's resource id, which what-if knows beforehand; its object id comes with the deployment.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource ledger 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: ledgerName
}

resource exports 'Microsoft.Storage/storageAccounts@2025-06-01' existing = if (!empty(exportsName)) {
  name: empty(exportsName) ? 'none' : exportsName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: exportContainer
    }

    resource accounts 'containers' existing = {
      name: accountsContainer
    }
  }
}

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: namespaceName

  resource queue 'queues' existing = [for one in queues: { name: one.name }]
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// The app sends to its queues, receives from them, and lets the platform count them to scale: counting needs Manage,
// which only the owner's role has. So: owner of each queue, and nothing on the namespace.
resource worksQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (one, index) in queues: {
    scope: namespace::queue[index]
    name: guid(namespace::queue[index].id, identity.id, roles.serviceBusDataOwner)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataOwner)
    }
  }
]

// The host keeps its package, keys and timer locks there.
resource keepsHostFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, identity.id, roles.storageBlobDataOwner)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
  }
}

// The host writes its own diagnostic events to a table: why it found no functions, for one.
resource tellsHostEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, identity.id, roles.storageTableDataContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageTableDataContributor
    )
  }
}

resource keepsLedger 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: ledger
  name: guid(ledger.id, identity.id, roles.storageTableDataContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageTableDataContributor
    )
  }
}

// On the container alone, and to read: whoever brings exports is granted by hand.
resource readsExports 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(exportsName)) {
  scope: exports::blobs::container
  name: guid(exports::blobs::container.id, identity.id, roles.storageBlobDataReader)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

// The file with the accounts is replaced over the version that was read, in a container that holds nothing else.
resource writesAccountsFile 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (writesAccounts) {
  scope: exports::blobs::accounts
  name: guid(exports::blobs::accounts.id, identity.id, roles.storageBlobDataContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, roles.keyVaultSecretsUser)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}

// A consent's tokens change with each use, so the app has to write them: where such a source is read it sets secrets too.
// On the whole vault, for it holds this app's secrets alone; a role on one secret needs that secret to be there first.
resource keepsRenewedTokens 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (keepsTokens) {
  scope: vault
  name: guid(vault.id, identity.id, roles.keyVaultSecretsOfficer)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
  }
}

resource sendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, identity.id, roles.monitoringMetricsPublisher)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
  }
}

resource setsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(keeperId)) {
  scope: vault
  name: guid(vault.id, keeperId, roles.keyVaultSecretsOfficer)
  properties: {
    principalId: keeperId
    principalType: keeperType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsOfficer)
  }
}
