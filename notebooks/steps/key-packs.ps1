#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Every key pack of the license server, none left out. KeyPackId is a local row number. Reads only.
# ProductType: 0 per device, 1 per user. ProductVersionID: 7 = Windows Server 2022.

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

function Get-KeyPack {
    $rows = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseKeyPack' -ErrorAction Stop
    # One that an older schema lacks is empty: it does not cost the others.
    $properties = 'KeyPackId', 'Description', 'KeyPackType', 'ProductType', 'ProductVersion', 'ProductVersionID',
        'TotalLicenses', 'IssuedLicenses', 'AvailableLicenses', 'ExpirationDate', 'AccessRights', 'TypeAndModel'
    foreach ($row in $rows | Select-Object -Property $properties) {
        $expirationAt = $null
        if ($row.ExpirationDate) {
            $expirationAt = $row.ExpirationDate.ToUniversalTime().ToString('o')
        }
        [pscustomobject]@{
            KeyPackId         = $row.KeyPackId
            Description       = $row.Description
            KeyPackType       = $row.KeyPackType
            ProductType       = $row.ProductType
            ProductVersion    = $row.ProductVersion
            ProductVersionId  = $row.ProductVersionID
            TotalLicenses     = $row.TotalLicenses
            IssuedLicenses    = $row.IssuedLicenses
            AvailableLicenses = $row.AvailableLicenses
            ExpirationAt      = $expirationAt
            AccessRights      = $row.AccessRights
            TypeAndModel      = $row.TypeAndModel
        }
    }
}

$keyPacks = @()
$fault = $null
try {
    $keyPacks = @(Get-KeyPack)
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_
}

$result = [pscustomobject]@{
    CollectedAt = [datetime]::UtcNow.ToString('o')
    KeyPacks    = @($keyPacks)
    Fault       = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
