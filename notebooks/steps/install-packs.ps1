#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# CHANGES this server: installs the key packs that the Clearinghouse dictated. UNPROVEN for a migration: the
# documented way is the wizard of RD Licensing Manager. All IDs are checked before the first one is installed.

# Inputs
$LicenseKeyPackIds = @()   # asked for below, so that they stay out of the window's history
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $LicenseKeyPackIds = @($given.LicenseKeyPackIds)
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

function Get-KeyPack {
    foreach ($row in Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseKeyPack' -ErrorAction Stop) {
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

if ($LicenseKeyPackIds.Count -eq 0) {
    $LicenseKeyPackIds = @(
        while ($typed = Read-Host -Prompt 'License Key Pack ID (35), empty = end') {
            $typed
        }
    )
}

$compacts = @(
    foreach ($id in $LicenseKeyPackIds) {
        $compact = ($id -replace '[\s-]', '').ToUpperInvariant()
        if ($compact -cnotmatch '^[A-Z0-9]{35}$') {
            throw "License Key Pack ID: 35 letters and digits expected, $($compact.Length) given."
        }
        $compact
    }
)
if (@($compacts | Select-Object -Unique).Count -ne $compacts.Count) {
    throw 'License Key Pack ID: the same ID was given twice.'
}

$before = @(Get-KeyPack)
$packs = @(
    foreach ($compact in $compacts) {
        $returnValue = $null
        $keyPackId = $null
        $fault = $null
        try {
            $answer = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseKeyPack' `
                -MethodName 'InstallLicenseKeyPack' -Arguments @{ sLicenseKeyPackId = $compact } -ErrorAction Stop
            $returnValue = $answer.ReturnValue
            if ($returnValue -eq 0) {
                $keyPackId = $answer.KeyPackId
            }
        }
        catch {
            $fault = ConvertTo-Fault -ErrorRecord $_
        }
        [pscustomobject]@{
            Tail        = $compact.Substring(30)
            ReturnValue = $returnValue
            KeyPackId   = $keyPackId
            Fault       = $fault
        }
    }
)

$result = [pscustomobject]@{
    Packs  = @($packs)
    Before = @($before)
    After  = @(Get-KeyPack)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
