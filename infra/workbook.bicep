// What does Instroom do these days? One page of pictures over the log lines, for operators.

@description('Name that the portal shows.')
param displayName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Application Insights component that is asked.')
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'instroom-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: insightsId
    serializedData: loadTextContent('workbook.json')
    version: 'Notebook/1.0'
  }
}
