// When does somebody have to look? Mail for what does not mend itself. What is about to expire is in expiry.bicep.

import { queues } from 'servicebus.bicep'

@description('Beginning of the names.')
param prefix string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Addresses that are told.')
param mailTo string[]

@description('Resource id of the Service Bus namespace.')
param namespaceId string

@description('Resource id of the Application Insights component.')
param insightsId string

@description('Address of the app.')
param appUrl string

@description('HR is silent when no poll succeeded for so many hours.')
param pollSilenceHours int

@description('Whether HR is polled at all; nobody is told of a silence that was asked for.')
param pollsAreOn bool

resource group 'Microsoft.Insights/actionGroups@2024-10-01-preview' = {
  name: 'ag-${prefix}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'instroom'
    emailReceivers: [
      for (address, index) in mailTo: {
        name: 'mail-${index}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

var busAlerts = [
  {
    name: 'dead-letters'
    says: 'A message was given up. The ledger brings the person back by itself; the reason wants a look.'
    severity: 2
    metric: 'DeadletteredMessages'
    aggregation: 'Maximum'
    threshold: 0
    window: 'PT5M'
  }
  {
    name: 'bus-throttled'
    says: 'Service Bus refuses calls because there are too many: is something sending in a loop?'
    severity: 3
    metric: 'ThrottledRequests'
    aggregation: 'Total'
    threshold: 10
    window: 'PT15M'
  }
]

resource busAlert 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for alert in busAlerts: {
    name: '${prefix}-${alert.name}'
    location: 'global'
    tags: tags
    properties: {
      description: alert.says
      severity: alert.severity
      enabled: true
      autoMitigate: true
      scopes: [namespaceId]
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricName: alert.metric
            timeAggregation: alert.aggregation
            operator: 'GreaterThan'
            threshold: alert.threshold
            dimensions: [
              { name: 'EntityName', operator: 'Include', values: map(queues, one => one.name) }
            ]
          }
        ]
      }
      actions: [{ actionGroupId: group.id }]
    }
  }
]

// The queries read what the app measures (shared/telemetry/measures.py). A test looks for those names in the code.
var logAlerts = [
  {
    name: 'functions-fail'
    says: 'Functions fail again and again: that is a fault in Instroom, or its ledger or bus cannot be reached.'
    severity: 2
    query: loadTextContent('queries/functions-fail.kql')
    column: 'failures'
    threshold: 4
    frequency: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'hr-is-silent'
    says: 'No poll of HR succeeded for a long time: joiners and leavers are not seen. /api/health says why.'
    severity: 1
    query: loadTextContent('queries/hr-is-silent.kql')
    column: 'hours'
    threshold: pollSilenceHours
    frequency: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'people-are-overdue'
    says: 'People who were due have not been looked at: dates, retries and approvals do not happen.'
    severity: 1
    query: loadTextContent('queries/people-are-overdue.kql')
    column: 'minutes'
    threshold: 15
    frequency: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'waits-for-approval'
    says: 'Changes were held because they would hurt many people. `instroom held` shows them; nobody was touched.'
    severity: 2
    query: loadTextContent('queries/waits-for-approval.kql')
    column: 'people'
    threshold: 0
    frequency: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'waits-for-long'
    says: 'Held changes have waited for a day without a yes or a no. `instroom held` shows them.'
    severity: 1
    query: loadTextContent('queries/waits-for-long.kql')
    column: 'hours'
    threshold: 24
    frequency: 'PT1H'
    window: 'PT1H'
  }
  {
    name: 'targets-throttle'
    says: 'Entra, TOPdesk or HR keep refusing calls because there are too many. Everybody is served, later.'
    severity: 3
    query: loadTextContent('queries/targets-throttle.kql')
    column: 'answers'
    threshold: 50
    frequency: 'PT1H'
    window: 'PT1H'
  }
  {
    name: 'quota-runs-out'
    says: 'Nine tenths of what a system allows is used up: who else calls it? Soon it refuses.'
    severity: 3
    query: loadTextContent('queries/quota-runs-out.kql')
    column: 'percent'
    threshold: 90
    frequency: 'PT15M'
    window: 'PT15M'
  }
]

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in logAlerts: {
    name: '${prefix}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}-${alert.name}'
      description: alert.says
      severity: alert.severity
      enabled: alert.name != 'hr-is-silent' || pollsAreOn
      autoMitigate: true
      scopes: [insightsId]
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      criteria: {
        allOf: [
          {
            query: alert.query
            metricMeasureColumn: alert.column
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [group.id] }
    }
  }
]

resource readyTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${prefix}-ready'
  location: location
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: '${prefix}-ready'
    Name: '${prefix}-ready'
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 120
    RetryEnabled: true
    Locations: [
      { Id: 'emea-nl-ams-azr' }
      { Id: 'emea-gb-db3-azr' }
      { Id: 'emea-fr-pra-edge' }
    ]
    Request: {
      RequestUrl: '${appUrl}/api/health'
      HttpVerb: 'GET'
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource notReady 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${prefix}-not-ready'
  location: 'global'
  tags: tags
  properties: {
    description: 'The app says that it cannot work, or does not answer. /api/health says what to mend.'
    severity: 1
    enabled: true
    autoMitigate: true
    scopes: [insightsId, readyTest.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      componentId: insightsId
      webTestId: readyTest.id
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: group.id }]
  }
}
