#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# How each session host is set up for licensing, and whether it reaches the license server. Reads only: it
# never restarts TermService, which would cut every session. With no names it reads the machine it runs on:
# run it like that on a host without WinRM, elevated, and bring the JSON file back.

# Inputs
$ComputerNames = @()                        # none: this machine
$ExpectedServer = 'RDLIC01.corp.example'    # the new license server
$ThrottleLimit = 32
$Folder = 'C:\Temp\RDS'                     # the gpresult reports go to Folder\HOST
$SaveAs = 'C:\Temp\RDS\host.json'
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $ComputerNames = @($given.ComputerNames | Where-Object -FilterScript { $_ })
    # Only a list that is empty means this machine: one that is missing, or holds nothing but nulls, does not.
    if ($null -eq $given.ComputerNames -or (@($given.ComputerNames).Count -gt 0 -and $ComputerNames.Count -eq 0)) {
        throw 'ComputerNames: a list of names is expected.'
    }
    $ExpectedServer = [string] $given.ExpectedServer
    if ($given.ThrottleLimit) {
        $ThrottleLimit = $given.ThrottleLimit
    }
    $Folder = $given.Folder
    $SaveAs = ''
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

# Runs on each host. It gives text back, so that a host read here and one read there come out alike.
$collect = {
    param([string] $Expected)
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $faults = New-Object -TypeName 'System.Collections.ArrayList'

    function Add-Fault {
        param([System.Management.Automation.ErrorRecord] $ErrorRecord)
        $null = $faults.Add([pscustomobject]@{
                FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
                Category              = $ErrorRecord.CategoryInfo.Category.ToString()
                HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
                Message               = $ErrorRecord.Exception.Message
            })
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
            Add-Fault -ErrorRecord $_   # a key that refuses: one value that is not known
        }
        $value
    }
    function Get-RegistryNumber {
        # Also where somebody wrote it as text; what is no number at all is told and left out.
        param([string] $Path, [string] $Name)
        $value = Get-RegistryValue -Path $Path -Name $Name
        $number = $null
        if ("$value") {
            try {
                if ("$value" -notmatch '^-?[0-9]+\z') {
                    throw "${Path}: $Name is no number."
                }
                $number = [long] "$value"
            }
            catch {
                Add-Fault -ErrorRecord $_
            }
        }
        $number
    }

    $system = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
    $os = Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop
    $setting = Get-CimInstance -Namespace 'root/cimv2/TerminalServices' `
        -ClassName 'Win32_TerminalServiceSetting' -ErrorAction Stop |
        Select-Object -First 1
    # A damaged repository answers nothing, without an error; as a number nothing would be 0.
    if (-not $system) {
        throw 'Win32_ComputerSystem has no instance.'
    }
    if (-not $os -or -not $os.BuildNumber) {
        throw 'Win32_OperatingSystem has no instance, or no BuildNumber.'
    }
    if (-not $setting) {
        throw 'Win32_TerminalServiceSetting has no instance.'
    }
    # One that an older or newer schema lacks is empty.
    $shown = $setting | Select-Object -Property 'TerminalServerMode', 'LicensingType', 'LicensingName', 'PolicySourceLicensingType',
        'PolicySourceConfiguredLicenseServers'

    # Policy, the host's own values, and the certificate it got when it first talked to a license server.
    $policyPath = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services'
    $rcmPath = 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\RCM'
    $listPath = 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters\LicenseServers'
    # A text by the ADMX; should somebody have written a list, it is told as one text all the same.
    $policyServers = Get-RegistryValue -Path $policyPath -Name 'LicenseServers'
    if ($null -ne $policyServers) {
        $policyServers = @($policyServers | ForEach-Object -Process { [string] $_ }) -join ','
    }
    else {
        $policyServers = $null   # also where the value is an empty list, which is nothing at all
    }
    # Two of Microsoft's pages disagree on where the list lies: both places are read.
    $ownServers = @(
        Get-RegistryValue -Path $listPath -Name 'SpecifiedLicenseServers'
        Get-RegistryValue -Path "$listPath\SpecifiedLicenseServers" -Name 'SpecifiedLicenseServers'
    ) | Where-Object -FilterScript { $_ } | ForEach-Object -Process { [string] $_ }

    $specified = $null   # not known, which is not an empty list
    $graceDays = $null
    try {
        $answer = Invoke-CimMethod -InputObject $setting -MethodName 'GetSpecifiedLicenseServerList' -ErrorAction Stop
        if ($answer.ReturnValue -ne 0) {
            throw "GetSpecifiedLicenseServerList: $($answer.ReturnValue)."
        }
        $specified = @()
        if ($answer.PSObject.Properties['SpecifiedLSList']) {
            $specified = @($answer.SpecifiedLSList | Where-Object -FilterScript { $_ })
        }
    }
    catch {
        Add-Fault -ErrorRecord $_
    }
    try {
        $answer = Invoke-CimMethod -InputObject $setting -MethodName 'GetGracePeriodDays' -ErrorAction Stop
        if ($answer.ReturnValue -eq 0 -and $answer.PSObject.Properties['DaysLeft']) {
            $graceDays = $answer.DaysLeft
        }
    }
    catch {
        Add-Fault -ErrorRecord $_
    }

    # Here the host calls the license server. Through remoting that is a second hop: 6 and 8 prove nothing then.
    $servers = @(@($Expected) + @($specified) + @(([string] $policyServers) -split ',') |
            ForEach-Object -Process { ([string] $_).Trim() } |
            Where-Object -FilterScript { $_ } |
            Sort-Object -Unique)
    $connectivity = @(
        foreach ($server in $servers) {
            $returnValue = $null
            $status = $null
            $fault = $null
            try {
                $answer = Invoke-CimMethod -InputObject $setting -MethodName 'GetTStoLSConnectivityStatus' `
                    -Arguments @{ ServerName = $server } -ErrorAction Stop
                $returnValue = $answer.ReturnValue
                if ($returnValue -eq 0 -and $answer.PSObject.Properties['TStoLSConnectivityStatus']) {
                    $status = $answer.TStoLSConnectivityStatus
                }
            }
            catch {
                $fault = [pscustomobject]@{
                    FullyQualifiedErrorId = $_.FullyQualifiedErrorId
                    Category              = $_.CategoryInfo.Category.ToString()
                    HResult               = '0x{0:X8}' -f $_.Exception.HResult
                    Message               = $_.Exception.Message
                }
            }
            [pscustomobject]@{ Server = $server; ReturnValue = $returnValue; Status = $status; Fault = $fault }
        }
    )

    # Present only where the RDS deployment classes are: its absence says nothing.
    $central = $null
    try {
        $deployment = Get-CimInstance -Namespace 'root/cimv2/TerminalServices' `
            -ClassName 'Win32_TSDeploymentLicensing' -ErrorAction Stop |
            Select-Object -First 1
        if ($deployment) {
            $central = [bool] $deployment.UseCentralLicensingSettings
        }
    }
    catch {
        $central = $null
    }

    $events = @()
    $errorRecords = @()
    try {
        $channel = 'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin'
        # A text that cannot be put together is an error of that event: it may not end the list.
        $found = @(Get-WinEvent -LogName $channel -MaxEvents 50 `
                -ErrorAction SilentlyContinue -ErrorVariable 'errorRecords')
        $events = @(
            foreach ($record in $found) {
                $at = $null
                if ($record.TimeCreated) {
                    $at = $record.TimeCreated.ToUniversalTime().ToString('o')
                }
                [pscustomobject]@{
                    Id         = [int] $record.Id
                    Provider   = [string] $record.ProviderName
                    Channel    = [string] $record.LogName
                    RecordId   = $record.RecordId
                    At         = $at
                    Level      = if ($null -ne $record.Level) { [int] $record.Level } else { $null }
                    Properties = @($record.Properties | ForEach-Object -Process { [string] $_.Value })
                    Message    = $record.Message
                }
            }
        )
    }
    catch {
        $errorRecords = @($_)
    }
    foreach ($problem in $errorRecords | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] }) {
        if ($problem.FullyQualifiedErrorId.Split(',')[0] -ne 'NoMatchingEventsFound') {
            Add-Fault -ErrorRecord $problem
        }
    }

    # Policy reports: evidence, and the name of the winning policy. The files travel as base64.
    $reports = @{ Xml = ''; Html = '' }
    $xmlExitCode = -1
    $htmlExitCode = -1
    $scratch = Join-Path -Path ([System.IO.Path]::GetTempPath()) -ChildPath ([guid]::NewGuid().ToString('N'))
    try {
        $null = New-Item -Path $scratch -ItemType Directory -ErrorAction Stop
        # In a remote session a line on stderr is an error record, which 'Stop' would turn into an exception.
        $ErrorActionPreference = 'Continue'
        $null = gpresult.exe /scope computer /x "$scratch\gpresult.xml" /f
        $xmlExitCode = $LASTEXITCODE
        if ($xmlExitCode -eq 0 -and (Test-Path -LiteralPath "$scratch\gpresult.xml")) {
            $reports.Xml = [System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes("$scratch\gpresult.xml"))
        }
        $null = gpresult.exe /scope computer /h "$scratch\gpresult.html" /f
        $htmlExitCode = $LASTEXITCODE
        if ($htmlExitCode -eq 0 -and (Test-Path -LiteralPath "$scratch\gpresult.html")) {
            $reports.Html = [System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes("$scratch\gpresult.html"))
        }
    }
    catch {
        Add-Fault -ErrorRecord $_
    }
    finally {
        $ErrorActionPreference = 'Stop'
        try {
            if (Test-Path -LiteralPath $scratch) {
                Remove-Item -LiteralPath $scratch -Recurse -Force -ErrorAction Stop
            }
        }
        catch {
            Add-Fault -ErrorRecord $_
        }
    }

    $reading = [pscustomobject]@{
        ComputerName                         = $env:COMPUTERNAME
        CollectedAt                          = [datetime]::UtcNow.ToString('o')
        OsBuild                              = [int] $os.BuildNumber
        UpdateRevision                       = Get-RegistryNumber -Name 'UBR' `
            -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        PartOfDomain                         = [bool] $system.PartOfDomain
        Domain                               = [string] $system.Domain
        TerminalServerMode                   = $shown.TerminalServerMode
        LicensingType                        = $shown.LicensingType
        LicensingName                        = $shown.LicensingName
        PolicySourceLicensingType            = $shown.PolicySourceLicensingType
        PolicySourceConfiguredLicenseServers = $shown.PolicySourceConfiguredLicenseServers
        SpecifiedServers                     = $specified
        GraceDays                            = $graceDays
        CentralLicensing                     = $central
        HasCertificate                       = ($null -ne (Get-RegistryValue -Path $rcmPath -Name 'X509 Certificate'))
        Policy                               = [pscustomobject]@{
            LicensingMode  = Get-RegistryNumber -Path $policyPath -Name 'LicensingMode'
            LicenseServers = $policyServers
        }
        Registry                             = [pscustomobject]@{
            LicensingMode            = Get-RegistryNumber -Path "$rcmPath\Licensing Core" -Name 'LicensingMode'
            SpecifiedLicenseServers  = @($ownServers)
        }
        Connectivity                         = @($connectivity)
        Events                               = @($events)
        GpResult                             = [pscustomobject]@{
            XmlExitCode  = $xmlExitCode
            HtmlExitCode = $htmlExitCode
            XmlFile      = $null
            HtmlFile     = $null
        }
        Faults                               = @($faults)
    }
    [pscustomobject]@{
        Json = ConvertTo-Json -InputObject $reading -Depth 6 -Compress
        Xml  = $reports.Xml
        Html = $reports.Html
    }
}

# Which of the names is this machine? It is read directly, without remoting and without a second hop.
if ($ComputerNames.Count -eq 0) {
    $ComputerNames = @($env:COMPUTERNAME)
}
# A name with dots only if it is the whole one; the NetBIOS name ends after 15 characters, the host's own need not.
$shortName = [System.Net.Dns]::GetHostName().Split('.')[0]
$ownNames = @($env:COMPUTERNAME, $shortName, 'localhost', '.')
try {
    $system = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
    if ($system.PartOfDomain) {
        $ownNames += @("$env:COMPUTERNAME.$($system.Domain)", "$shortName.$($system.Domain)")
    }
}
catch {
    Write-Warning "Win32_ComputerSystem: $($_.Exception.Message)"   # then its short names alone are known for its own
}
# A dot may end a whole name.
$localNames = @($ComputerNames | Where-Object -FilterScript { $ownNames -contains ($_ -replace '(?<=.)\.$', '') })
$remoteNames = @()

# Whatever the culture's letters are: in Turkish I is no i.
$answers = [System.Collections.Hashtable]::new([System.StringComparer]::OrdinalIgnoreCase)
$failures = [System.Collections.Hashtable]::new([System.StringComparer]::OrdinalIgnoreCase)
foreach ($name in $ComputerNames | Where-Object -FilterScript { $localNames -notcontains $_ }) {
    if ([uri]::CheckHostName($name) -ne 'Unknown') {
        if ($remoteNames -notcontains $name) {
            $remoteNames += $name   # once, however often it is named
        }
    }
    else {
        # Among the others it would end the call for all of them.
        $failures[$name] = [pscustomobject]@{
            FullyQualifiedErrorId = 'PSSessionInvalidComputerName'
            Category              = 'InvalidArgument'
            HResult               = '0x80070057'
            Message               = "$name cannot be the name of a computer."
        }
    }
}
if ($localNames.Count -gt 0) {
    # Once, whatever it is called here.
    try {
        $own = & $collect $ExpectedServer
        foreach ($name in $localNames) {
            $answers[$name] = $own
        }
    }
    catch {
        foreach ($name in $localNames) {
            $failures[$name] = ConvertTo-Fault -ErrorRecord $_
        }
    }
}
if ($remoteNames.Count -gt 0) {
    $errorRecords = @()
    $found = @()
    try {
        $option = New-PSSessionOption -OpenTimeout 20000 -OperationTimeout 240000
        $found = @(Invoke-Command -ComputerName $remoteNames -ScriptBlock $collect -ArgumentList $ExpectedServer `
                -ThrottleLimit $ThrottleLimit -SessionOption $option `
                -ErrorAction SilentlyContinue -ErrorVariable 'errorRecords')
    }
    catch {
        # The call itself failed: so it did for each of them, and for nobody else.
        foreach ($name in $remoteNames) {
            $failures[$name] = ConvertTo-Fault -ErrorRecord $_
        }
    }
    foreach ($answer in $found) {
        # A host's own session may say something beside its answer.
        if (-not $answers.ContainsKey($answer.PSComputerName) -or $answer.PSObject.Properties['Json']) {
            $answers[$answer.PSComputerName] = $answer
        }
    }
    # An error variable can hold other things than error records.
    foreach ($record in $errorRecords | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] }) {
        $name = [string] $record.TargetObject
        if ($record.PSObject.Properties['OriginInfo']) {
            $name = $record.OriginInfo.PSComputerName
        }
        if (-not $failures.ContainsKey($name)) {
            $failures[$name] = ConvertTo-Fault -ErrorRecord $record
        }
    }
}

$hostRows = @(
    foreach ($name in $ComputerNames) {
        $reading = $null
        $fault = $null
        if ($answers.ContainsKey($name)) {
            try {
                $reading = $answers[$name].Json | ConvertFrom-Json
                $null = @($reading.GpResult.XmlFile, $reading.Faults)   # what has neither is no reading
            }
            catch {
                $reading = $null
                $fault = ConvertTo-Fault -ErrorRecord $_   # what this host sent cannot be read; the others' can
            }
        }
        if ($reading) {
            foreach ($kind in 'Xml', 'Html') {
                $content = $answers[$name].$kind
                if ($content) {
                    try {
                        # A host name may be no folder name (an IPv6 address).
                        $place = Join-Path -Path $Folder -ChildPath ($name -creplace '[^\w.-]', '_')
                        $null = New-Item -Path $place -ItemType Directory -Force -ErrorAction Stop
                        $file = 'gpresult.{0}' -f $kind.ToLowerInvariant()
                        [System.IO.File]::WriteAllBytes((Join-Path -Path $place -ChildPath $file),
                            [System.Convert]::FromBase64String($content))
                        $reading.GpResult."$($kind)File" = $file
                    }
                    catch {
                        # One report that cannot be kept does not lose this reading, nor the other hosts'.
                        $reading.Faults = @($reading.Faults) + (ConvertTo-Fault -ErrorRecord $_)
                    }
                }
            }
        }
        elseif ($fault) {
            $reading = $null
        }
        elseif ($failures.ContainsKey($name)) {
            $fault = $failures[$name]
        }
        else {
            # Nothing came back under this name: that is told, and not left blank.
            $fault = [pscustomobject]@{
                FullyQualifiedErrorId = 'NoAnswer'
                Category              = 'ObjectNotFound'
                HResult               = '0x80131500'
                Message               = "No answer came back for $name."
            }
        }
        [pscustomobject]@{
            Name    = $name
            Local   = ($localNames -contains $name)
            Reached = ($null -ne $reading)
            Fault   = $fault
            Reading = $reading
        }
    }
)

$result = [pscustomobject]@{
    ExpectedServer = $ExpectedServer
    Hosts          = @($hostRows)
}

if ($SaveAs) {
    try {
        $null = New-Item -Path (Split-Path -Path $SaveAs -Parent) -ItemType Directory -Force -ErrorAction Stop
        ConvertTo-Json -InputObject @($result) -Depth 10 | Out-File -LiteralPath $SaveAs -Encoding utf8 -ErrorAction Stop
    }
    catch {
        Write-Warning "${SaveAs}: $($_.Exception.Message)"   # what was read is shown all the same
    }
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 10 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
