#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# CHANGES this server: installs the key packs that the Clearinghouse dictated. UNPROVEN for a migration: the
# documented way is the wizard of RD Licensing Manager. All IDs are checked before the first one is installed.

# Inputs
$LicenseKeyPackIds = @()   # asked for below, so that they stay out of the window's history
$asks = $true
#region runbook
if ($InputPath) {
    # The identifiers go through no cmdlet: module logging and transcription write their parameters down in full.
    $inputText = [System.IO.File]::ReadAllText($InputPath)
    $form = '("LicenseKeyPackIds"\s*:\s*)(\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]|"(?:[^"\\]|\\.)*")'
    $list = [regex]::Match($inputText, $form).Groups[2].Value
    $given = [regex]::Replace($inputText, $form, '$1[]') | ConvertFrom-Json
    if (-not $given.PSObject.Properties['LicenseKeyPackIds']) {
        throw 'LicenseKeyPackIds is missing from the inputs.'
    }
    $asks = $false   # nobody is there to answer
    $LicenseKeyPackIds = @(
        foreach ($one in [regex]::Matches($list, '"((?:[^"\\]|\\.)*)"|[^\s,\[\]"]+')) {
            [regex]::Unescape($one.Groups[1].Value)   # what is no text (null, a number) becomes empty, and is refused
        }
    )
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

if ($LicenseKeyPackIds.Count -eq 0 -and $asks) {
    $LicenseKeyPackIds = @(
        while ($typed = Read-Host -Prompt 'License Key Pack ID (35), empty = end') {
            $typed
        }
    )
}

$compacts = @(
    foreach ($id in $LicenseKeyPackIds) {
        # Every kind of dash and space, as a mail program or a text editor puts them in.
        $compact = ($id -replace '[\s\p{Pd}\p{Cf}]', '').ToUpperInvariant()
        if ($compact -cnotmatch '^[A-Z0-9]{35}$') {
            throw "License Key Pack ID: 35 letters and digits expected; of $($compact.Length) signs given $(($compact -creplace '[^A-Z0-9]', '').Length) are such."
        }
        $compact
    }
)
$seen = @{}
foreach ($compact in $compacts) {
    if ($seen.ContainsKey($compact)) {
        throw 'License Key Pack ID: the same ID was given twice.'
    }
    $seen[$compact] = $true
}

#region runbook
# Each part is written as it happens, through to the disk: after a power cut it is known what went in.
function Write-Part {
    param([hashtable] $Part)
    if ($OutputPath) {
        $path = Join-Path -Path (Split-Path -Path $OutputPath -Parent) -ChildPath 'parts.jsonl'
        $line = (ConvertTo-Json -InputObject $Part -Compress) + "`n"
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($line)
        $stream = [System.IO.FileStream]::new($path, [System.IO.FileMode]::Append)
        try {
            $stream.Write($bytes, 0, $bytes.Length)
            $stream.Flush($true)
        }
        finally {
            $stream.Dispose()
        }
    }
}
#endregion runbook

$before = @(Get-KeyPack)
$packs = @(
    foreach ($compact in $compacts) {
        $returnValue = $null
        $keyPackId = $null
        $fault = $null
        try {
            #region runbook
            # First the line: where it cannot be written, this pack is not tried.
            $index = [array]::IndexOf($compacts, $compact)
            Write-Part -Part @{ Index = $index; State = 'begun' }
            #endregion runbook
            $answer = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseKeyPack' `
                -MethodName 'InstallLicenseKeyPack' -Arguments @{ sLicenseKeyPackId = $compact } -ErrorAction Stop
            $returnValue = $answer.ReturnValue
            if ($null -eq $returnValue) {
                throw 'InstallLicenseKeyPack answered without a ReturnValue.'
            }
            if ($returnValue -eq 0 -and $answer.PSObject.Properties['KeyPackId']) {
                $keyPackId = $answer.KeyPackId
            }
        }
        catch {
            $fault = ConvertTo-Fault -ErrorRecord $_
            # An error's text may repeat what was given, before as well.
            foreach ($one in $compacts) {
                $shape = $one.ToCharArray() -join '[\s\p{Pd}\p{Cf}]*'
                $tail = "...$($one.Substring(30))"
                $fault.Message = [regex]::Replace($fault.Message, $shape, $tail, 'IgnoreCase, CultureInvariant')
                $fault.FullyQualifiedErrorId = [regex]::Replace($fault.FullyQualifiedErrorId, $shape, $tail, 'IgnoreCase, CultureInvariant')
            }
        }
        #region runbook
        $code = $null
        if ($fault) {
            $code = $fault.HResult
        }
        $ended = @{ Index = $index; State = 'ended'; ReturnValue = $returnValue; KeyPackId = $keyPackId; HResult = $code }
        try {
            Write-Part -Part $ended
        }
        catch {
            Write-Warning "parts.jsonl: $($_.Exception.Message)"   # out.json tells how this pack ended
        }
        #endregion runbook
        [pscustomobject]@{
            Tail        = $compact.Substring(30)
            ReturnValue = $returnValue
            KeyPackId   = $keyPackId
            Fault       = $fault
        }
    }
)

# What was installed is told whatever happens to this list: the service has just rewritten its database.
$after = @()
$afterFault = $null
try {
    $after = @(Get-KeyPack)
}
catch {
    $afterFault = ConvertTo-Fault -ErrorRecord $_
}

$result = [pscustomobject]@{
    Packs      = @($packs)
    Before     = @($before)
    After      = @($after)
    AfterFault = $afterFault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
