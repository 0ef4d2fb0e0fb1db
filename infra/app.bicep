// Where does the app run, and what is it told? A Flex Consumption plan with one app on Python 3.13. The settings are
// those of shared/settings.py; a test holds the two together. No secret is here: only where it lies.

@description('Name of the app.')
param name string

@description('Name of the plan.')
param planName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the app\'s identity.')
param identityName string

@description('Name of the host\'s storage account.')
param hostStorageName string

@description('Where the package lies.')
param packagesUrl string

@description('Settings that are no secret, by name.')
param settings object

@description('Settings whose value lies in the vault, with the name it has there.')
param vaulted object

@description('Functions that stay off.')
param disabledFunctions string[]

@description('Name of the vault.')
param vaultName string

@description('Gives `vault:<secret>` for the app to read itself, instead of references that the platform resolves.')
param readsVaultItself bool

@description('Connection string of Application Insights. It holds no secret, for keys are off there.')
param insightsConnectionString string

@description('Subnet that traffic goes out through; empty: none.')
param subnetId string

@description('Addresses that may call the app, as CIDR; empty: everyone. The webhook checks signatures either way.')
param callers string[]

@description('Client id of the application that people sign in to for the console; empty: nobody can.')
param consoleClientId string

@description('Memory of one instance in MB.')
param instanceMemoryMb int

@description('Most instances that one function, or HTTP together, may have.')
param maximumInstances int

@description('Instances for HTTP that are always there.')
param alwaysReadyHttp int

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

var hostSettings = {
  AzureWebJobsStorage__accountName: hostStorageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identity.properties.clientId
  AZURE_CLIENT_ID: identity.properties.clientId
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
}

var secretSettings = mapValues(
  vaulted,
  secret => readsVaultItself ? 'vault:${secret}' : '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${secret})'
)

var switches = toObject(disabledFunctions, name => 'AzureWebJobs.${name}.Disabled', name => 'true')

var callerRules = map(range(0, length(callers)), index => {
  name: 'caller-${index}'
  action: 'Allow'
  priority: 100 + index
  ipAddress: callers[index]
})

// Whoever limits the callers still wants to know whether the app is ready.
var availabilityRule = {
  name: 'availability-test'
  action: 'Allow'
  priority: 1000
  tag: 'ServiceTag'
  ipAddress: 'ApplicationInsightsAvailability'
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'instroom' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    outboundVnetRouting: empty(subnetId) ? null : { allTraffic: true }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: empty(callers) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: empty(callers) ? [] : [...callerRules, availabilityRule]
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMb
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
      }
    }
  }

  // One place: a second deployment of this resource would replace all settings, not add to them.
  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(hostSettings, settings, secretSettings, switches)
  }

  // Everybody is let through, for HR's webhook signs and the pages ask who it is. An id token is enough, so there is no
  // client secret. The issuer is that of version 1.0: its tokens say (amr) whether there was a second factor.
  resource signIn 'config' = if (!empty(consoleClientId)) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: false
        unauthenticatedClientAction: 'AllowAnonymous'
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: consoleClientId
            openIdIssuer: 'https://sts.windows.net/${tenant().tenantId}/'
          }
          validation: { allowedAudiences: [consoleClientId, 'api://${consoleClientId}'] }
        }
      }
      login: { tokenStore: { enabled: false } }
      httpSettings: { requireHttps: true }
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

@description('Address of the app.')
output url string = 'https://${app.properties.defaultHostName}'
