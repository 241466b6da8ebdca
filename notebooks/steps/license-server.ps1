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

# Each call by itself: one that is refused takes nothing from the others.
$server = $null
$fault = $null
try {
    $server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop |
        Select-Object -First 1 -Property 'ProductId', 'FirstName', 'LastName', 'Company', 'CountryRegion', 'eMail', 'DatabasePath',
            'Version', 'VersionNumber', 'ServerRole'   # one that an older schema lacks is empty
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_
}
$activation = $null
$activationFault = $null
try {
    $activation = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' `
        -MethodName 'GetActivationStatus' -ErrorAction Stop
}
catch {
    $activationFault = ConvertTo-Fault -ErrorRecord $_
}
$identifier = $null
$idFault = $null
try {
    # It answers on an activated server only; how it says no on another one is not documented.
    $identifier = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' `
        -MethodName 'GetLicenseServerId' -ErrorAction Stop
}
catch {
    $idFault = ConvertTo-Fault -ErrorRecord $_
}

$productId = ''
$licenseServerId = ''
$contacts = @()
$propertiesEmpty = $false
$activationStatus = $null
if ($activation -and $activation.ReturnValue -eq 0 -and $activation.PSObject.Properties['ActivationStatus']) {
    $activationStatus = $activation.ActivationStatus
}
if ($server) {
    $productId = [string] $server.ProductId -replace '[\x00-\x1F]', ''   # what ends a line would break private.json
    $contacts = @(
        [pscustomobject]@{ Name = 'FirstName'; Filled = [bool] ($server.FirstName -match '\S') }
        [pscustomobject]@{ Name = 'LastName'; Filled = [bool] ($server.LastName -match '\S') }
        [pscustomobject]@{ Name = 'Company'; Filled = [bool] ($server.Company -match '\S') }
        [pscustomobject]@{ Name = 'CountryRegion'; Filled = [bool] ($server.CountryRegion -match '\S') }
        [pscustomobject]@{ Name = 'eMail'; Filled = [bool] ($server.eMail -match '\S') }
    )
    $propertiesEmpty = -not ($server.DatabasePath -or $server.ProductId -or $server.Version)
}
if ($identifier -and $identifier.ReturnValue -eq 0 -and $identifier.PSObject.Properties['sLicenseServerId']) {
    $licenseServerId = [string] $identifier.sLicenseServerId -replace '[\x00-\x1F]', ''
}
# No function and no cmdlet is given an identifier: module logging writes parameters down in full.
$full = @{ ProductId = $productId; LicenseServerId = $licenseServerId }
$tails = @{ ProductId = $null; LicenseServerId = $null }
foreach ($name in 'ProductId', 'LicenseServerId') {
    $compact = $full[$name] -replace '[\s-]', ''
    if ($compact.Length -gt 5) {
        $tails[$name] = $compact.Substring($compact.Length - 5)
    }
}

# An error that repeats one of them shows its last five characters as well.
foreach ($problem in @($fault, $activationFault, $idFault)) {
    foreach ($name in 'ProductId', 'LicenseServerId') {
        if ($problem -and $tails[$name]) {
            $signs = foreach ($sign in ($full[$name] -replace '[\s-]', '').ToCharArray()) {
                [regex]::Escape([string] $sign)
            }
            $shape = $signs -join '[\s\p{Pd}\p{Cf}]*'
            $tail = "...$($tails[$name])"
            $problem.Message = [regex]::Replace($problem.Message, $shape, $tail, 'IgnoreCase, CultureInvariant')
            $problem.FullyQualifiedErrorId = [regex]::Replace($problem.FullyQualifiedErrorId, $shape, $tail, 'IgnoreCase, CultureInvariant')
        }
    }
}

$result = [pscustomobject]@{
    Found                 = [bool] $server
    PropertiesEmpty       = [bool] $propertiesEmpty
    Version               = if ($server) { [string] $server.Version } else { $null }
    VersionNumber         = if ($server) { [string] $server.VersionNumber } else { $null }
    ServerRole            = if ($server) { $server.ServerRole } else { $null }
    DatabasePath          = if ($server) { [string] $server.DatabasePath } else { $null }
    ProductIdTail         = $tails['ProductId']
    ProductIdLength       = $productId.Length
    LicenseServerIdTail   = $tails['LicenseServerId']
    LicenseServerIdLength = ($licenseServerId -replace '[\s-]', '').Length
    IdReturnValue         = if ($identifier) { $identifier.ReturnValue } else { $null }
    ActivationStatus      = $activationStatus
    ActivationReturnValue = if ($activation) { $activation.ReturnValue } else { $null }
    Contacts              = @($contacts)
    Fault                 = $fault
    ActivationFault       = $activationFault
    IdFault               = $idFault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
#region runbook
if ($OutputPath) {
    # The identifiers in full go to the case's private folder; out.json shows their last five characters.
    $private = Join-Path -Path (Split-Path -Path $OutputPath -Parent) -ChildPath 'private.json'
    $text = '{"ProductId": "' + $productId.Replace('\', '\\').Replace('"', '\"') +
        '", "LicenseServerId": "' + $licenseServerId.Replace('\', '\\').Replace('"', '\"') + '"}'
    [System.IO.File]::WriteAllBytes($private, [System.Text.Encoding]::UTF8.GetBytes($text))
}
#endregion runbook
$result
