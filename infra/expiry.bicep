// What is about to expire? The vault says it of its secrets, keys and certificates thirty days before, and on the day.
// Only of versions that were set after this was made, and only when they have an expiry date (Microsoft Learn,
// "Monitoring Key Vault with Azure Event Grid"). Entra itself mails about the certificate of single sign-on.

@description('Beginning of the names.')
param prefix string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the vault.')
param vaultName string

@description('Resource id of the action group that mails.')
param groupId string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${prefix}'
  location: location
  tags: tags
  properties: {
    source: vault.id
    topicType: 'Microsoft.KeyVault.vaults'
  }

  resource toSomebody 'eventSubscriptions' = {
    name: '${prefix}-secrets-expire'
    properties: {
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      destination: {
        endpointType: 'MonitorAlert'
        properties: {
          severity: 'Sev2'
          description: 'Something in the vault is about to expire, or has: set a new version (docs/operations.md).'
          actionGroups: [groupId]
        }
      }
      filter: {
        includedEventTypes: [
          'Microsoft.KeyVault.SecretNearExpiry'
          'Microsoft.KeyVault.SecretExpired'
          'Microsoft.KeyVault.CertificateNearExpiry'
          'Microsoft.KeyVault.CertificateExpired'
        ]
      }
    }
  }
}
