// Production of Gemeente Voorbeeld in a network of its own: storage, Service Bus and the vault are reached over private
// endpoints only, and HR and TOPdesk see one fixed address. Service Bus is Premium then. The app reads the vault itself,
// because Flex Consumption cannot resolve references to a closed one.
using 'main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param mailTo = ['applicatiebeheer@voorbeeld.example', 'servicedesk@voorbeeld.example']

param hrSources = ['afas', 'csv', 'exact', 'nmbrs']
param exactClientId = '00000000-0000-4000-8000-000000000001'
param exactDivisions = '123456'
param nmbrsClientId = 'PartnerApp_Voorbeeld_1'
// The supplier of the library's HR system brings an export each night, over SFTP from this address.
param csvContainer = true
param csvSftp = true
param csvSenders = ['203.0.113.10']
// With `write_back.csv` in the policy, Instroom leaves a file with the accounts there.
param csvAccounts = 'accounts.csv'
param afasBaseUrl = 'https://12345.rest.afas.online/ProfitRestServices'
// The first poll reads everyone. Take this line away when `instroom preview` showed what you expect.
param disabledFunctions = ['hr_poll', 'hr_full_sync']

param topdeskUrl = 'https://voorbeeld.topdesk.net'
param topdeskUsername = 'instroom'
// A gateway in front of TOPdesk. Take this line away to write to TOPdesk itself.
param scimUrl = 'https://scim.voorbeeld.example/scim/v2'

param privateNetworking = true
param privateVault = true
param addressSpace = '10.90.0.0/24'
param ledgerSku = 'Standard_GZRS'
param monthlyBudget = 1500
param budgetStart = '2027-01-01'
param otlpEndpoint = 'https://otel.voorbeeld.example'
