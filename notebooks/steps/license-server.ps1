#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# What the license server says of itself. GetActivationStatus: 0 = activated, 1 = not, 2 = unknown. Reads only.
# Run elevated: to anyone else the properties come back empty, without an error.

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

function Get-Tail {
    param([string] $Text)
    $compact = $Text -replace '[\s-]', ''
    if ($compact.Length -gt 5) {
        $compact.Substring($compact.Length - 5)
    }
    else {
        $null   # said aloud: "nothing" would become {} in JSON
    }
}

$server = $null
$fault = $null
$activation = $null
$identifier = $null
try {
    $server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop
    $activation = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' `
        -MethodName 'GetActivationStatus' -ErrorAction Stop
    $identifier = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' `
        -MethodName 'GetLicenseServerId' -ErrorAction Stop
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_
}

$productId = ''
$licenseServerId = ''
$contacts = @()
$propertiesEmpty = $false
$activationStatus = $null
if ($activation -and $activation.ReturnValue -eq 0) {
    $activationStatus = $activation.ActivationStatus
}
if ($server) {
    $productId = [string] $server.ProductId
    $contacts = @(
        [pscustomobject]@{ Name = 'FirstName'; Filled = [bool] $server.FirstName }
        [pscustomobject]@{ Name = 'LastName'; Filled = [bool] $server.LastName }
        [pscustomobject]@{ Name = 'Company'; Filled = [bool] $server.Company }
        [pscustomobject]@{ Name = 'CountryRegion'; Filled = [bool] $server.CountryRegion }
        [pscustomobject]@{ Name = 'eMail'; Filled = [bool] $server.eMail }
    )
    $propertiesEmpty = -not ($server.DatabasePath -or $server.ProductId -or $server.Version)
}
if ($identifier -and $identifier.PSObject.Properties['sLicenseServerId']) {
    $licenseServerId = [string] $identifier.sLicenseServerId
}

$result = [pscustomobject]@{
    Found                 = [bool] $server
    PropertiesEmpty       = [bool] $propertiesEmpty
    Version               = if ($server) { [string] $server.Version } else { $null }
    VersionNumber         = if ($server) { [string] $server.VersionNumber } else { $null }
    ServerRole            = if ($server) { $server.ServerRole } else { $null }
    DatabasePath          = if ($server) { [string] $server.DatabasePath } else { $null }
    ProductIdTail         = Get-Tail -Text $productId
    ProductIdLength       = $productId.Length
    LicenseServerIdTail   = Get-Tail -Text $licenseServerId
    LicenseServerIdLength = ($licenseServerId -replace '[\s-]', '').Length
    IdReturnValue         = if ($identifier) { $identifier.ReturnValue } else { $null }
    ActivationStatus      = $activationStatus
    ActivationReturnValue = if ($activation) { $activation.ReturnValue } else { $null }
    Contacts              = @($contacts)
    Fault                 = $fault
}

#region runbook
if ($OutputPath) {
    # The identifiers in full go to the case's private folder; out.json shows their last five characters.
    $private = Join-Path -Path (Split-Path -Path $OutputPath -Parent) -ChildPath 'private.json'
    $full = [pscustomobject]@{ ProductId = $productId; LicenseServerId = $licenseServerId }
    ConvertTo-Json -InputObject $full -Depth 2 | Out-File -LiteralPath $private -Encoding utf8
}
#endregion runbook
#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
