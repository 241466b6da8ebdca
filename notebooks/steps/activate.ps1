#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# CHANGES this server: activates the license server, once. Does nothing where it is activated already.
# telephone: the agent takes the Product ID and gives the License Server ID. automatic: goes to Microsoft by
# TCP 443 and needs first name, last name, company and country in the server's properties.

# Inputs
$Way = 'telephone'      # or 'automatic'
$LicenseServerId = ''   # asked for below, so that it stays out of the window's history
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Way = $given.Way
    $LicenseServerId = $given.LicenseServerId
}
#endregion runbook

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

if ($Way -ne 'telephone' -and $Way -ne 'automatic') {
    throw "Way: telephone or automatic, not '$Way'."
}

$class = @{ Namespace = 'root/cimv2'; ClassName = 'Win32_TSLicenseServer'; ErrorAction = 'Stop' }
$server = Get-CimInstance @class
$contacts = @(
    [pscustomobject]@{ Name = 'FirstName'; Filled = [bool] $server.FirstName }
    [pscustomobject]@{ Name = 'LastName'; Filled = [bool] $server.LastName }
    [pscustomobject]@{ Name = 'Company'; Filled = [bool] $server.Company }
    [pscustomobject]@{ Name = 'CountryRegion'; Filled = [bool] $server.CountryRegion }
)
$before = (Invoke-CimMethod @class -MethodName 'GetActivationStatus').ActivationStatus
$after = $before
$returnValue = $null
$fault = $null
$tail = $null
$compact = ''

if ($before -ne 0) {
    if ($Way -eq 'telephone') {
        if (-not $LicenseServerId) {
            $LicenseServerId = Read-Host -Prompt 'License Server ID (35)'
        }
        $compact = ($LicenseServerId -replace '[\s-]', '').ToUpperInvariant()
        if ($compact -cnotmatch '^[A-Z0-9]{35}$') {
            throw "License Server ID: 35 letters and digits expected, $($compact.Length) given."
        }
        $tail = $compact.Substring(30)
    }
    try {
        if ($Way -eq 'telephone') {
            $answer = Invoke-CimMethod @class -MethodName 'ActivateServer' -Arguments @{ sLicenseServerId = $compact }
        }
        else {
            $answer = Invoke-CimMethod @class -MethodName 'ActivateServerAutomatic'
        }
        $returnValue = $answer.ReturnValue
        $after = (Invoke-CimMethod @class -MethodName 'GetActivationStatus').ActivationStatus
    }
    catch {
        $fault = ConvertTo-Fault -ErrorRecord $_
    }
}

$result = [pscustomobject]@{
    Way                 = $Way
    Before              = $before
    After               = $after
    ReturnValue         = $returnValue
    Already             = ($before -eq 0)
    LicenseServerIdTail = $tail
    Contacts            = @($contacts)
    Fault               = $fault
}

#region runbook
if ($OutputPath -and $compact) {
    $private = Join-Path -Path (Split-Path -Path $OutputPath -Parent) -ChildPath 'private.json'
    $full = [pscustomobject]@{ LicenseServerId = $compact }
    ConvertTo-Json -InputObject $full -Depth 2 | Out-File -LiteralPath $private -Encoding utf8
}
#endregion runbook
#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
