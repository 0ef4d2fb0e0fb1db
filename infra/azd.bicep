// What `azd up` provisions: a resource group, and in it everything of main.bicep.

targetScope = 'subscription'

@description('Name of the azd environment: small letters, digits and hyphens.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Region; one that has Flex Consumption with Python 3.13.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Who runs azd: may set the secrets in the vault.')
param principalId string

@description('Whether that is a person or a group. azd in a pipeline runs as neither: leave principalId empty there.')
@allowed(['Group', 'User'])
param principalType string = 'User'

@description('Who is mailed when somebody has to look, with commas between.')
param mailTo string

@description('https://<number>.rest.afas.online/ProfitRestServices')
param afasBaseUrl string

@description('HR sources that sign a webhook, with commas between; empty: none.')
param webhookSources string

@description('Functions that stay off, with commas between; `none`: all run.')
param disabledFunctions string

@description('https://<name>.topdesk.net, without /tas.')
param topdeskUrl string

@description('Login name of the operator that Instroom works as.')
param topdeskUsername string

@description('A SCIM 2.0 service that is written to instead of TOPdesk; empty for TOPdesk itself.')
param scimUrl string

@description('Mailbox that notices are sent from; empty: no mail.')
param mailSender string

@description('Puts storage, Service Bus and the way out into a network of their own.')
param privateNetworking bool

@description('Copies of the ledger.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param ledgerSku string

@description('Locks the ledger\'s account; `azd down` fails then until the lock is taken away by hand.')
param lockLedger bool

@description('Client id of the application that people sign in to for the console; empty: nobody can.')
param consoleClientId string

var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-instroom-${environmentName}'
  location: location
  tags: tags
}

module instroom 'main.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    mailTo: split(mailTo, ',')
    keeperId: principalId
    keeperType: principalType
    afasBaseUrl: afasBaseUrl
    webhookSources: empty(webhookSources) ? [] : split(webhookSources, ',')
    disabledFunctions: disabledFunctions == 'none' ? [] : split(disabledFunctions, ',')
    topdeskUrl: topdeskUrl
    topdeskUsername: topdeskUsername
    scimUrl: scimUrl
    mailSender: mailSender
    privateNetworking: privateNetworking
    ledgerSku: ledgerSku
    lockLedger: lockLedger
    consoleClientId: consoleClientId
  }
}

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the app.')
output INSTROOM_APP string = instroom.outputs.appName

@description('Address of the app.')
output INSTROOM_URL string = instroom.outputs.appUrl

@description('Object id of the app\'s identity, for Graph permissions.')
output INSTROOM_IDENTITY string = instroom.outputs.identityPrincipalId

@description('Name of the vault that wants its secrets.')
output INSTROOM_VAULT string = instroom.outputs.vaultName

@description('The address that HR and TOPdesk see the app come from; empty without private networking.')
output INSTROOM_OUTGOING_ADDRESS string = instroom.outputs.outgoingAddress
