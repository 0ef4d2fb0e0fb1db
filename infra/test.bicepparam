// The test environment of Gemeente Voorbeeld: make it yours. Small and cheap; nothing in it is kept for ever.
using 'main.bicep'

param environmentName = 'test'
param location = 'westeurope'
param mailTo = ['applicatiebeheer@voorbeeld.example']

param webhookSources = ['afas']
param afasBaseUrl = 'https://12345.resttest.afas.online/ProfitRestServices'
param topdeskUrl = 'https://voorbeeld-test.topdesk.net'
param topdeskUsername = 'instroom'

param ledgerSku = 'Standard_LRS'
param lockLedger = false
param logDays = 30
param logDailyCapGb = 1
