// Everything that Instroom needs in one resource group. Each family of resources has its own file; what they are called
// and how they hang together is decided here. azd.bicep makes the group and calls this.

targetScope = 'resourceGroup'

import { accountsContainer, container as exportContainer } from 'exports.bicep'

@description('Which environment this is: test, prod. Part of every name; small letters, digits and hyphens.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Region; one that has Flex Consumption with Python 3.13 (docs/deploy.md says how to ask).')
param location string = resourceGroup().location

@description('Tags of every resource, besides the environment\'s.')
param tags object = {}

@description('Who is mailed when somebody has to look.')
@minLength(1)
param mailTo string[]

@description('Object id of the group or person who sets the secrets in the vault; empty: granted by hand.')
param keeperId string = ''

@description('What the keeper is.')
@allowed(['Group', 'User'])
param keeperType string = 'Group'

// HR

@description('Which HR systems are read.')
param hrSources string[] = ['afas']

@description('Which of them sign a webhook. Each needs its secret `webhook-secret-<source>` in the vault beforehand.')
param webhookSources string[] = []

@description('https://<number>.rest.afas.online/ProfitRestServices')
param afasBaseUrl string

@description('GetConnector with a row for each person.')
param afasPersonsConnector string = 'T4E_HelloID_Users_v2'

@description('GetConnector with a row for each contract.')
param afasContractsConnector string = 'T4E_HelloID_Employments_v2'

@description('Field of both connectors that says when a row changed; empty: every poll reads everyone.')
param afasModifiedField string = ''

@description('Where the exports of HR source csv arrive: a mounted folder, or the address of a container that is there already.')
param csvFolder string = ''

@description('Where accounts are written to, for the source csv: a file on a mounted share, or the address of a blob that is there already; empty: none.')
param csvExport string = ''

@description('Where webhooks about accounts are sent, for the source push; empty: none. Name accounts in webhookSources for their secret.')
param pushAccountsUrl string = ''

@description('Makes a storage account with a container for those exports, and has them read there.')
param csvContainer bool = false

@description('File such as accounts.csv that accounts are written to, in a second container of that account; empty: none.')
param csvAccounts string = ''

@description('Lets those exports be brought over SFTP; costs by the hour.')
param csvSftp bool = false

@description('Public addresses that exports are brought from, where the network is private; empty: only from within.')
param csvSenders string[] = []

@description('Exports in that container are deleted after so many days. Longer than `stale_after_days` in the policy.')
@minValue(1)
param csvKeepDays int = 30

@description('Exact Online, where HR source exact is read: the site of the country.')
param exactBaseUrl string = 'https://start.exactonline.nl'

@description('Client id of the app in the App Center of Exact.')
param exactClientId string = ''

@description('Where Exact sends whoever consents, as registered.')
param exactRedirectUrl string = 'https://localhost/callback'

@description('Divisions to read: 123456, or 123456=A,234567=B with prefixes.')
param exactDivisions string = ''

@description('Nmbrs, where HR source nmbrs is read: the API.')
param nmbrsBaseUrl string = 'https://api.nmbrsapp.com'

@description('Where consent to Nmbrs is given and tokens are renewed.')
param nmbrsIdentityUrl string = 'https://identityservice.nmbrs.com'

@description('Id of the application that is registered at Nmbrs.')
param nmbrsClientId string = ''

@description('Where Nmbrs sends whoever consents, as registered.')
param nmbrsRedirectUrl string = 'http://localhost:8765/callback'

@description('Comma list of company numbers to read; empty: all that the consent reaches.')
param nmbrsCompanies string = ''

@description('Folder on a share that only the app can read, for the tokens of exact and nmbrs; empty: they lie in the vault.')
param tokenFolder string = ''

@description('When HR is asked what changed (NCRONTAB with seconds, UTC).')
param hrPollSchedule string = '0 */15 * * * *'

@description('When everyone is read.')
param hrFullSyncSchedule string = '0 30 2 * * *'

@description('When what is due is brought back.')
param dueSchedule string = '0 * * * * *'

@description('When it is looked what was changed in Entra behind our back.')
param driftSchedule string = '0 5-59/15 * * * *'

@description('When certificates, secrets and the history are looked after; once a day.')
param upkeepSchedule string = '0 40 4 * * *'

@description('Functions that stay off, such as the polls until a preview looked right.')
param disabledFunctions string[] = []

// Targets

@description('https://<name>.topdesk.net, without /tas.')
param topdeskUrl string

@description('Login name of the operator that Instroom works as.')
param topdeskUsername string

@description('A SCIM 2.0 service that is written to instead of TOPdesk, such as https://<host>/scim/v2; empty for TOPdesk itself.')
param scimUrl string = ''

@description('Mailbox that notices to managers and operators are sent from; empty: no mail.')
param mailSender string = ''

@description('Folder in the deployed app with templates of your own for notices; empty: only Instroom\'s.')
param noticeTemplates string = ''

@description('Where Microsoft Graph is: https://graph.microsoft.com/v1.0, unless a national cloud is used.')
param graphBaseUrl string = 'https://graph.microsoft.com/v1.0'

@description('Where Entra signs people in and publishes metadata, for the daily check of single sign-on.')
param loginBaseUrl string = environment().authentication.loginEndpoint

@description('The rules, as a file in the package.')
param policyFile string = 'policy.yaml'

// Size and safety

@description('Puts storage, Service Bus (Premium then) and the way out into a network of their own.')
param privateNetworking bool = false

@description('Address space of that network, at least a /24.')
param addressSpace string = '10.90.0.0/24'

@description('Closes the vault to networks too, and lets the app read it itself instead of by references. Needs privateNetworking.')
param privateVault bool = false

@description('Addresses that may call the app, as CIDR; empty: everyone.')
param callers string[] = []

@description('Copies of the ledger.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param ledgerSku string = 'Standard_ZRS'

@description('Locks the ledger\'s account against deletion.')
param lockLedger bool = true

@description('Client id of the application that people sign in to for the console (docs/first-sign-in.md); empty: nobody can.')
param consoleClientId string = ''

@description('App roles and group ids that may look through the operations API (docs/ops-api.md); empty: nobody.')
param opsReaders string[] = []

@description('Those that may also say yes or no to what is held.')
param opsAnswerers string[] = []

@description('Memory of one instance in MB.')
@allowed([2048, 4096])
param instanceMemoryMb int = 2048

@description('Most instances of one function. Regions differ in the least they accept; 40 is accepted everywhere.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Instances for HTTP that are always there: the webhook answers sooner, and it costs day and night.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('How long logs are kept, in days.')
@minValue(30)
@maxValue(730)
param logDays int = 90

@description('Most that is logged in a day, in GB.')
@minValue(1)
param logDailyCapGb int = 2

@description('How many of the traces are kept; what alerts read is measured of all of them.')
@minValue(0)
@maxValue(100)
param tracePercent int = 100

@description('An OpenTelemetry collector of your own that is told as well, as https://host; empty: none.')
param otlpEndpoint string = ''

@description('HR is silent when no poll succeeded for so many hours.')
@minValue(1)
@maxValue(48)
param pollSilenceHours int = 2

@description('Budget a month, in the currency of the subscription; 0: none.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month of the first deployment; keep it afterwards.')
param budgetStart string = ''

var token = uniqueString(resourceGroup().id, environmentName)
var prefix = 'instroom-${environmentName}'
var allTags = union(tags, { application: 'instroom', environment: environmentName })
var names = {
  app: 'func-${prefix}-${token}'
  bus: 'sb-${prefix}-${token}'
  exports: 'stexports${token}'
  hostStorage: 'sthost${token}'
  identity: 'id-${prefix}'
  insights: 'appi-${prefix}'
  ledger: 'stledger${token}'
  network: 'vnet-${prefix}'
  appSubnet: 'app'
  vault: 'kv-${token}'
}
// What cannot work is refused before anything is made.
var vaultIsPrivate = privateVault && !privateNetworking ? fail('privateVault needs privateNetworking') : privateVault
var budgetBegins = monthlyBudget > 0 && empty(budgetStart)
  ? fail('monthlyBudget needs budgetStart, the first day of this month')
  : budgetStart
var storageSuffix = environment().suffixes.storage
var makesExports = csvContainer && !empty(csvFolder)
  ? fail('csvContainer makes a place of its own: leave csvFolder empty')
  : csvContainer
var writesAccounts = !empty(csvAccounts) && !(csvContainer && empty(csvExport))
  ? fail('csvAccounts needs csvContainer, and leave csvExport empty')
  : !empty(csvAccounts)
var bringsBySftp = csvSftp && !csvContainer ? fail('csvSftp needs csvContainer') : csvSftp
var exportSenders = !empty(csvSenders) && !(csvContainer && privateNetworking)
  ? fail('csvSenders needs csvContainer and privateNetworking: without, the app has no address that could be let in')
  : csvSenders

var functions = [
  'apply_entra'
  'apply_hr'
  'apply_topdesk'
  'console_first_sign_in'
  'drift'
  'due'
  'health'
  'hr_full_sync'
  'hr_poll'
  'hr_push'
  'hr_push_schema'
  'hr_signal'
  'hr_webhook'
  'notify'
  'ops_answer'
  'ops_leaver'
  'ops_look'
  'upkeep'
]
var unknownFunctions = filter(disabledFunctions, name => !contains(functions, name))
var switchedOff = empty(unknownFunctions)
  ? disabledFunctions
  : fail('disabledFunctions names no function of the app: ${join(unknownFunctions, ', ')}')

// Sources that a person lets us into give tokens that the app renews.
var consents = contains(hrSources, 'exact') || contains(hrSources, 'nmbrs')
var tokensInVault = consents && empty(tokenFolder)

// Settings of shared/settings.py whose value is no secret.
var settings = union(
  {
    ServiceBusConnection__fullyQualifiedNamespace: '${names.bus}.servicebus.windows.net'
    LEDGER_URL: 'https://${names.ledger}.table.${storageSuffix}'
    POLICY_FILE: policyFile
    HR_SOURCES: join(hrSources, ',')
    AFAS_BASE_URL: afasBaseUrl
    AFAS_PERSONS_CONNECTOR: afasPersonsConnector
    AFAS_CONTRACTS_CONNECTOR: afasContractsConnector
    AFAS_MODIFIED_FIELD: afasModifiedField
    CSV_FOLDER: makesExports ? 'https://${names.exports}.blob.${storageSuffix}/${exportContainer}' : csvFolder
    CSV_EXPORT: writesAccounts
      ? 'https://${names.exports}.blob.${storageSuffix}/${accountsContainer}/${csvAccounts}'
      : csvExport
    PUSH_ACCOUNTS_URL: pushAccountsUrl
    GRAPH_BASE_URL: graphBaseUrl
    LOGIN_BASE_URL: loginBaseUrl
    GRAPH_AUTH: 'identity'
    TOPDESK_INTERFACE: empty(scimUrl) ? 'rest' : 'scim'
    TOPDESK_URL: topdeskUrl
    TOPDESK_USERNAME: topdeskUsername
    MAIL_SENDER: mailSender
    NOTICE_TEMPLATES: noticeTemplates
    OPS_READERS: join(opsReaders, ',')
    OPS_ANSWERERS: join(opsAnswerers, ',')
    TRACE_PERCENT: string(tracePercent)
    HR_POLL_SCHEDULE: hrPollSchedule
    HR_FULL_SYNC_SCHEDULE: hrFullSyncSchedule
    DUE_SCHEDULE: dueSchedule
    DRIFT_SCHEDULE: driftSchedule
    UPKEEP_SCHEDULE: upkeepSchedule
  },
  empty(otlpEndpoint) ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint },
  empty(scimUrl) ? {} : { SCIM_URL: scimUrl },
  contains(hrSources, 'exact')
    ? {
        EXACT_BASE_URL: exactBaseUrl
        EXACT_CLIENT_ID: exactClientId
        EXACT_REDIRECT_URL: exactRedirectUrl
        EXACT_DIVISIONS: exactDivisions
      }
    : {},
  contains(hrSources, 'nmbrs')
    ? {
        NMBRS_BASE_URL: nmbrsBaseUrl
        NMBRS_IDENTITY_URL: nmbrsIdentityUrl
        NMBRS_CLIENT_ID: nmbrsClientId
        NMBRS_REDIRECT_URL: nmbrsRedirectUrl
        NMBRS_COMPANIES: nmbrsCompanies
      }
    : {},
  consents ? { TOKEN_FOLDER: tokenFolder } : {},
  vaultIsPrivate || tokensInVault
    ? { KEY_VAULT_URL: 'https://${names.vault}${environment().suffixes.keyvaultDns}' }
    : {}
)

// Settings whose value an operator puts into the vault, with the name it has there.
var vaulted = union(
  {
    TOPDESK_APP_PASSWORD: 'topdesk-app-password'
  },
  contains(hrSources, 'afas') ? { AFAS_TOKEN: 'afas-token' } : {},
  empty(scimUrl) ? {} : { SCIM_TOKEN: 'scim-token' },
  contains(hrSources, 'exact') ? { EXACT_CLIENT_SECRET: 'exact-client-secret' } : {},
  contains(hrSources, 'nmbrs')
    ? {
        NMBRS_CLIENT_SECRET: 'nmbrs-client-secret'
        NMBRS_SUBSCRIPTION_KEY: 'nmbrs-subscription-key'
      }
    : {},
  toObject(webhookSources, source => 'WEBHOOK_SECRET_${toUpper(source)}', source => 'webhook-secret-${toLower(source)}')
)

module identity 'identity.bicep' = {
  params: {
    name: names.identity
    location: location
    tags: allTags
  }
}

module monitoring 'monitoring.bicep' = {
  params: {
    workspaceName: 'log-${prefix}'
    insightsName: names.insights
    location: location
    tags: allTags
    retentionDays: logDays
    dailyCapGb: logDailyCapGb
  }
}

module storage 'storage.bicep' = {
  params: {
    hostName: names.hostStorage
    ledgerName: names.ledger
    location: location
    tags: allTags
    ledgerSku: ledgerSku
    isPrivate: privateNetworking
    lockLedger: lockLedger
    workspaceId: monitoring.outputs.workspaceId
  }
}

module exports 'exports.bicep' = if (makesExports) {
  params: {
    name: names.exports
    location: location
    tags: allTags
    sftp: bringsBySftp
    accounts: writesAccounts
    isPrivate: privateNetworking
    senders: exportSenders
    keepDays: csvKeepDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'servicebus.bicep' = {
  params: {
    name: names.bus
    location: location
    tags: allTags
    isPrivate: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module keyVault 'keyvault.bicep' = {
  params: {
    name: names.vault
    location: location
    tags: allTags
    isPrivate: vaultIsPrivate
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'network.bicep' = if (privateNetworking) {
  params: {
    name: names.network
    prefix: prefix
    appSubnetName: names.appSubnet
    location: location
    tags: allTags
    addressSpace: addressSpace
    hostStorageName: names.hostStorage
    ledgerName: names.ledger
    namespaceName: names.bus
    vaultName: names.vault
    vaultIsPrivate: vaultIsPrivate
    exportsName: makesExports ? names.exports : ''
  }
  dependsOn: [storage, exports, serviceBus, keyVault]
}

module roles 'roles.bicep' = {
  params: {
    identityName: names.identity
    keeperId: keeperId
    keeperType: keeperType
    hostStorageName: names.hostStorage
    ledgerName: names.ledger
    namespaceName: names.bus
    vaultName: names.vault
    keepsTokens: tokensInVault
    insightsName: names.insights
    exportsName: makesExports ? names.exports : ''
    writesAccounts: writesAccounts
  }
  dependsOn: [identity, monitoring, storage, exports, serviceBus, keyVault]
}

module app 'app.bicep' = {
  params: {
    name: names.app
    planName: 'plan-${prefix}'
    location: location
    tags: allTags
    identityName: names.identity
    hostStorageName: names.hostStorage
    packagesUrl: storage.outputs.packagesUrl
    settings: settings
    vaulted: vaulted
    disabledFunctions: switchedOff
    vaultName: names.vault
    readsVaultItself: vaultIsPrivate
    insightsConnectionString: monitoring.outputs.connectionString
    subnetId: privateNetworking
      ? resourceId('Microsoft.Network/virtualNetworks/subnets', names.network, names.appSubnet)
      : ''
    callers: callers
    consoleClientId: consoleClientId
    instanceMemoryMb: instanceMemoryMb
    maximumInstances: maximumInstances
    alwaysReadyHttp: alwaysReadyHttp
  }
  // Without its roles, or without the endpoints, the host cannot read its own storage and the first start fails.
  dependsOn: [roles, network]
}

module alerts 'alerts.bicep' = {
  params: {
    prefix: prefix
    location: location
    tags: allTags
    mailTo: mailTo
    namespaceId: serviceBus.outputs.id
    insightsId: monitoring.outputs.insightsId
    appUrl: app.outputs.url
    pollSilenceHours: pollSilenceHours
    // Whoever pushes is not asked.
    pollsAreOn: !contains(switchedOff, 'hr_poll') && hrSources != ['push']
  }
}

module expiry 'expiry.bicep' = {
  params: {
    prefix: prefix
    location: location
    tags: allTags
    vaultName: names.vault
    groupId: resourceId('Microsoft.Insights/actionGroups', 'ag-${prefix}')
  }
  dependsOn: [keyVault, alerts]
}

module workbook 'workbook.bicep' = {
  params: {
    displayName: 'Instroom ${environmentName}'
    location: location
    tags: allTags
    insightsId: monitoring.outputs.insightsId
  }
}

module budget 'budget.bicep' = if (monthlyBudget > 0) {
  params: {
    amount: monthlyBudget
    start: budgetBegins
    mailTo: mailTo
  }
}

@description('Name of the app, for deployments of code.')
output appName string = names.app

@description('Address of the app.')
output appUrl string = app.outputs.url

@description('Object id of the app\'s identity, for Graph permissions.')
output identityPrincipalId string = identity.outputs.principalId

@description('Name of the vault that wants its secrets.')
output vaultName string = names.vault

@description('Name of the account that CSV exports are brought to; empty without csvContainer.')
output exportsAccount string = makesExports ? names.exports : ''

@description('The address that HR and TOPdesk see the app come from; empty without private networking.')
output outgoingAddress string = network.?outputs.outgoingAddress ?? ''
