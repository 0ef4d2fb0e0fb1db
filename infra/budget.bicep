// What may it cost in a month? Mail before the money is spent; nothing is switched off.

@description('Amount a month, in the currency of the subscription.')
param amount int

@description('First day of the month of the first deployment, as 2027-01-01. It cannot be changed afterwards.')
param start string

@description('Addresses that are warned.')
param mailTo string[]

resource budget 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: 'instroom'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: {
      nearlySpent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: mailTo
      }
      willBeOverspent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 110
        thresholdType: 'Forecasted'
        contactEmails: mailTo
      }
    }
  }
}
