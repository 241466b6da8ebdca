#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# CHANGES this server: activates the license server, once. Does nothing where it is activated already, nor where the
# server answers 2 (unknown): the console decides then.
# telephone: the agent takes the Product ID and gives the License Server ID. automatic: goes to Microsoft by
# TCP 443 and needs first name, last name, company and country in the server's properties.

# Inputs
$Way = 'telephone'      # or 'automatic'
$LicenseServerId = ''   # asked for below, so that it stays out of the window's history
$asks = $true
#region runbook
if ($InputPath) {
    # The identifier goes through no cmdlet: module logging and transcription write their parameters down in full.
    $inputText = [System.IO.File]::ReadAllText($InputPath)
    $form = '("LicenseServerId"\s*:\s*")((?:[^"\\]|\\.)*)'
    $LicenseServerId = [regex]::Unescape([regex]::Match($inputText, $form).Groups[2].Value)
    $given = [regex]::Replace($inputText, $form, '$1') | ConvertFrom-Json
    $Way = $given.Way
    $asks = $false   # nobody is there to answer
    if (-not $given.PSObject.Properties['LicenseServerId']) {
        throw 'LicenseServerId is missing from the inputs.'
    }
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
$server = Get-CimInstance @class | Select-Object -First 1 -Property 'FirstName', 'LastName', 'Company', 'CountryRegion'
if (-not $server) {
    throw 'Win32_TSLicenseServer has no instance: the role service Remote Desktop Licensing is not there.'
}
$contacts = @(
    [pscustomobject]@{ Name = 'FirstName'; Filled = [bool] ($server.FirstName -match '\S') }
    [pscustomobject]@{ Name = 'LastName'; Filled = [bool] ($server.LastName -match '\S') }
    [pscustomobject]@{ Name = 'Company'; Filled = [bool] ($server.Company -match '\S') }
    [pscustomobject]@{ Name = 'CountryRegion'; Filled = [bool] ($server.CountryRegion -match '\S') }
)
$fault = $null
$before = $null
try {
    $status = Invoke-CimMethod @class -MethodName 'GetActivationStatus'
    if ($status.ReturnValue -eq 0 -and $status.PSObject.Properties['ActivationStatus']) {
        $before = $status.ActivationStatus
    }
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_   # not known: nothing is tried
}
$after = $before
$returnValue = $null
$tail = $null
$compact = ''

if ($before -eq 1) {
    if ($Way -eq 'telephone') {
        if (-not $LicenseServerId -and $asks) {
            $LicenseServerId = Read-Host -Prompt 'License Server ID (35)'
        }
        # Every kind of dash and space, as a mail program or a text editor puts them in.
        $compact = ($LicenseServerId -replace '[\s\p{Pd}\p{Cf}]', '').ToUpperInvariant()
        if ($compact -cnotmatch '^[A-Z0-9]{35}$') {
            throw "License Server ID: 35 letters and digits expected; of $($compact.Length) signs given $(($compact -creplace '[^A-Z0-9]', '').Length) are such."
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
        if ($null -eq $returnValue) {
            throw 'The activation answered without a ReturnValue.'
        }
    }
    catch {
        $fault = ConvertTo-Fault -ErrorRecord $_
        # An error's text may repeat the Product ID, and what was given.
        $fault.Message = $fault.Message -creplace '(?<![\w-])(?:\w{5}-){3}(?=\w{5}(?![\w-]))', '...'
        if ($compact) {
            $shape = $compact.ToCharArray() -join '[\s\p{Pd}\p{Cf}]*'
            $fault.Message = [regex]::Replace($fault.Message, $shape, "...$tail", 'IgnoreCase, CultureInvariant')
            $fault.FullyQualifiedErrorId = [regex]::Replace($fault.FullyQualifiedErrorId, $shape, "...$tail", 'IgnoreCase, CultureInvariant')
        }
    }
    # Also after an error: what was asked may have been done, and only the answer be lost.
    $after = $null
    try {
        $status = Invoke-CimMethod @class -MethodName 'GetActivationStatus'
        if ($status.ReturnValue -eq 0 -and $status.PSObject.Properties['ActivationStatus']) {
            $after = $status.ActivationStatus
        }
    }
    catch {
        if (-not $fault) {
            $fault = ConvertTo-Fault -ErrorRecord $_
        }
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
if ($OutputPath) {
    # First what was done: it may not get lost because the private file cannot be written.
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
#region runbook
if ($OutputPath -and $compact) {
    $private = Join-Path -Path (Split-Path -Path $OutputPath -Parent) -ChildPath 'private.json'
    $bytes = [System.Text.Encoding]::UTF8.GetBytes('{"LicenseServerId": "' + $compact + '"}')
    try {
        [System.IO.File]::WriteAllBytes($private, $bytes)
    }
    catch {
        # It was typed in or entered before: the activation is not called failed because it could not be kept once more.
        Write-Warning "private.json: $($_.Exception.Message)"
    }
}
#endregion runbook
$result
