#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Who runs this, on which system, at what time, in which domain. Reads only.
$languageMode = "$($ExecutionContext.SessionState.LanguageMode)"   # no method call: a constrained session refuses it
if ($languageMode -ne 'FullLanguage') {
    throw "LanguageMode: $languageMode. The steps need FullLanguage."
}

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

function Get-RegistryValue {
    param([string] $Path, [string] $Name)
    $value = $null   # said aloud: "nothing" would become {} in JSON
    try {
        if (Test-Path -LiteralPath $Path) {
            $value = (Get-Item -LiteralPath $Path).GetValue($Name, $null)
        }
    }
    catch {
        $value = $null   # a key that refuses: one value that is not known
    }
    $value
}

function Get-RegistryText {
    param([string] $Path, [string] $Name)
    $value = Get-RegistryValue -Path $Path -Name $Name
    if ($null -eq $value) { $null } else { "$value" }   # a number as well
}

function Get-RegistryNumber {
    # Also where somebody wrote it as text; what is no number is left out.
    param([string] $Path, [string] $Name)
    $value = Get-RegistryText -Path $Path -Name $Name
    if ($value -match '^[0-9]{1,18}\z') { [long] $value } else { $null }
}

# By SID: the group's name is translated.
$administrators = [System.Security.Principal.SecurityIdentifier] 'S-1-5-32-544'
$identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
$principal = [System.Security.Principal.WindowsPrincipal] $identity

$version = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$system = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
$os = Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop
# A damaged repository answers nothing, without an error; as a number nothing would be 0.
if (-not $system) {
    throw 'Win32_ComputerSystem has no instance: WMI does not answer rightly on this machine.'
}
if (-not $os -or -not $os.BuildNumber) {
    throw 'Win32_OperatingSystem has no instance, or no BuildNumber: WMI does not answer rightly on this machine.'
}

$lastBootAt = $null
if ($os.LastBootUpTime) {
    $lastBootAt = $os.LastBootUpTime.ToUniversalTime().ToString('o')
}

$updates = @()
$updatesFault = $null
try {
    $updates = @(
        foreach ($fix in Get-HotFix -ErrorAction Stop) {
            $installedAt = $null
            # InstalledOn is worked out from a text when it is read: it may be missing, or throw.
            try {
                if ($fix.InstalledOn) {
                    $day = [datetime]::SpecifyKind($fix.InstalledOn, 'Utc')
                    $installedAt = $day.ToString('o')
                }
            }
            catch {
                $updatesFault = ConvertTo-Fault -ErrorRecord $_
            }
            [pscustomobject]@{ HotFixId = [string] $fix.HotFixID; InstalledAt = $installedAt }
        }
    )
    $updates = @($updates | Sort-Object -Property 'InstalledAt', 'HotFixId' -Descending | Select-Object -First 10)
}
catch {
    $updatesFault = ConvertTo-Fault -ErrorRecord $_
}

# Exit code other than 0: the time service is not running. That is a finding, not an error of this script.
$timeText = @()
$timeExitCode = -1
try {
    $timeText = w32tm.exe /query /source
    $timeExitCode = $LASTEXITCODE
    if ($timeExitCode -ne 0) {
        $timeText = @($timeText) + "w32tm: $timeExitCode"
    }
}
catch {
    $timeText = @("w32tm: $($_.Exception.Message)")   # it could not be started: the rest is told all the same
}

# Which policies hold: nothing else is lost where the module that tells them cannot be loaded.
$policies = @()
try {
    $policies = @(
        foreach ($row in Get-ExecutionPolicy -List) {
            [pscustomobject]@{ Scope = $row.Scope.ToString(); Policy = $row.ExecutionPolicy.ToString() }
        }
    )
}
catch {
    $policies = @()
}

$dnsName = if ($system.DNSHostName) { $system.DNSHostName } else { $env:COMPUTERNAME }
if ($system.PartOfDomain) {
    # The suffix of the computer's own name, where it has one that is not the domain's.
    $suffix = Get-RegistryText -Name 'Domain' -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $dnsName = '{0}.{1}' -f $dnsName, $(if ($suffix) { $suffix } else { $system.Domain })
}

$result = [pscustomobject]@{
    CollectedAt             = [datetime]::UtcNow.ToString('o')
    ComputerName            = $env:COMPUTERNAME
    DnsName                 = $dnsName
    UserName                = $identity.Name
    Is64BitOperatingSystem  = [System.Environment]::Is64BitOperatingSystem
    Is64BitProcess          = [System.Environment]::Is64BitProcess
    IsElevated              = $principal.IsInRole($administrators)
    PowerShellVersion       = $PSVersionTable.PSVersion.ToString()
    PowerShellEdition       = [string] $PSVersionTable.PSEdition
    LanguageMode            = $languageMode
    ExecutionPolicies       = @($policies)
    Culture                 = (Get-Culture).Name
    UICulture               = (Get-UICulture).Name
    TimeZone                = [System.TimeZoneInfo]::Local.Id
    OsBuild                 = [int] $os.BuildNumber
    UpdateRevision          = Get-RegistryNumber -Path $version -Name 'UBR'
    DisplayVersion          = Get-RegistryText -Path $version -Name 'DisplayVersion'
    InstallationType        = Get-RegistryText -Path $version -Name 'InstallationType'
    ProductType             = [int] $os.ProductType
    LastBootAt              = $lastBootAt
    Updates                 = @($updates)
    UpdatesFault            = $updatesFault
    TimeSource              = [pscustomobject]@{ ExitCode = $timeExitCode; Text = @($timeText | ForEach-Object -Process { [string] $_ }) }
    PartOfDomain            = [bool] $system.PartOfDomain
    Domain                  = [string] $system.Domain
    DomainRole              = [int] $system.DomainRole
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
