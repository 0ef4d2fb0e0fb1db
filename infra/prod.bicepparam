// Production of Gemeente Voorbeeld: make it yours. Closed by identities and roles, reachable over the internet.
// private.bicepparam is the same in a network of its own.
using 'main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param mailTo = ['applicatiebeheer@voorbeeld.example', 'servicedesk@voorbeeld.example']

param afasBaseUrl = 'https://12345.rest.afas.online/ProfitRestServices'
// The first poll reads everyone. Take this line away when `instroom preview` showed what you expect.
param disabledFunctions = ['hr_poll', 'hr_full_sync']

param topdeskUrl = 'https://voorbeeld.topdesk.net'
param topdeskUsername = 'instroom'

param ledgerSku = 'Standard_ZRS'
param monthlyBudget = 250
param budgetStart = '2027-01-01'
