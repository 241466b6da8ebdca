# What the system says of itself: updates, features, policies, processes, event logs, Windows Server Backup.

function Get-HotFix {
    [CmdletBinding()] param()
    $null = Step-Sim $PSCmdlet 'Get-HotFix'
    foreach ($fix in $Sim.Server.hotfixes) {
        $found = [pscustomobject]@{ HotFixID = $fix.HotFixID }
        # InstalledOn is worked out from a text when it is read.
        $value = if ($fix.InstalledOn -is [hashtable]) { $text = $fix.InstalledOn.text; { $text }.GetNewClosure() } elseif ($fix.InstalledOn -eq 'throws') { { throw 'String was not recognized as a valid DateTime.' } } else { $day = Get-SimDate $fix.InstalledOn; { $day }.GetNewClosure() }
        Add-Member -InputObject $found -MemberType ScriptProperty -Name InstalledOn -Value $value
        $found
    }
}
function Get-WindowsFeature {
    [CmdletBinding()] param([string[]] $Name)
    $null = Step-Sim $PSCmdlet 'Get-WindowsFeature'
    if ($null -eq $Sim.Server.features) {
        $PSCmdlet.ThrowTerminatingError((New-SimError -Id 'CommandNotFoundException' -Category 'ObjectNotFound' -Message 'Get-WindowsFeature'))
    }
    foreach ($key in $Sim.Server.features.Keys) { if (-not $Name -or $Name -contains $key) { [pscustomobject]@{ Name = $key; InstallState = $Sim.Server.features[$key] } } }
}
function Get-ExecutionPolicy {
    [CmdletBinding()] param([switch] $List)
    $null = Step-Sim $PSCmdlet 'Get-ExecutionPolicy'
    $set = if ($Sim.Server.ContainsKey('executionPolicies')) { $Sim.Server.executionPolicies } else { @{ Process = 'RemoteSigned'; LocalMachine = 'RemoteSigned' } }
    foreach ($scope in 'MachinePolicy', 'UserPolicy', 'Process', 'CurrentUser', 'LocalMachine') {
        [pscustomobject]@{ Scope = $scope; ExecutionPolicy = if ($set.ContainsKey($scope)) { $set[$scope] } else { 'Undefined' } }
    }
}
function Get-Culture { [cultureinfo] $Sim.Server.computer.culture }
function Get-UICulture { [cultureinfo] $Sim.Server.computer.culture }
function Get-Process {
    [CmdletBinding()] param([int] $Id)
    $call = Step-Sim $PSCmdlet 'Get-Process'
    if ($call -and $call.ContainsKey('rows')) { foreach ($row in $call.rows) { [pscustomobject] $row }; return }
    if ($Id -eq $Sim.Server.service.pid) { return [pscustomobject]@{ Id = $Id; StartTime = Get-SimDate $Sim.Server.service.startedAt } }
    if ($Id) { Microsoft.PowerShell.Management\Get-Process -Id $Id }   # the step's own processes are real
}

function Test-SimEvent {
    # An XPath query of the event log on one event. XPath 1.0 compares texts with >= as numbers; the event log
    # compares times: that comparison is done here first.
    param($Row, [string] $Query, [string] $Channel)
    $at = (Get-SimDate $Row.At).ToUniversalTime()
    $decided = [regex]::Replace($Query, "@SystemTime\s*(>=|<=|>|<)\s*'([^']+)'", {
            param($found)
            $other = (Get-SimDate $found.Groups[2].Value).ToUniversalTime()
            $so = switch ($found.Groups[1].Value) { '>=' { $at -ge $other } '<=' { $at -le $other } '>' { $at -gt $other } '<' { $at -lt $other } }
            if ($so) { 'true()' } else { 'false()' }
        })
    $document = [System.Xml.Linq.XDocument]::new([System.Xml.Linq.XElement]::new('Event', [System.Xml.Linq.XElement]::new('System',
                [System.Xml.Linq.XElement]::new('Provider', [System.Xml.Linq.XAttribute]::new('Name', [string] $Row.ProviderName)),
                [System.Xml.Linq.XElement]::new('EventID', [string] $Row.Id),
                [System.Xml.Linq.XElement]::new('Channel', $Channel),
                [System.Xml.Linq.XElement]::new('TimeCreated', [System.Xml.Linq.XAttribute]::new('SystemTime', $at.ToString('o'))))))
    $null -ne [System.Xml.XPath.Extensions]::XPathSelectElement($document, $decided)
}
function Get-WinEvent {
    [CmdletBinding()] param([string] $LogName, [string] $FilterXPath, [int] $MaxEvents)
    $null = Step-Sim $PSCmdlet 'Get-WinEvent'
    if (-not $Sim.Host.events.ContainsKey($LogName)) {
        $PSCmdlet.ThrowTerminatingError((New-SimError -Id 'NoMatchingLogsFound,Microsoft.PowerShell.Commands.GetWinEventCommand' -Category 'ObjectNotFound' -Message "There is not an event log on the localhost computer that matches ""$LogName""."))
    }
    $rows = @($Sim.Host.events[$LogName] | Where-Object { $_.At -and (-not $FilterXPath -or (Test-SimEvent $_ $FilterXPath $LogName)) -or -not $_.At })
    if ($rows.Count -eq 0) {
        # Not terminating, as every error of this cmdlet: what stops the script is -ErrorAction Stop.
        $PSCmdlet.WriteError((New-SimError -Id 'NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand' -Category 'ObjectNotFound' -Message 'No events were found that match the specified selection criteria.'))
        return
    }
    if ($MaxEvents -and $rows.Count -gt $MaxEvents) { $rows = $rows[0..($MaxEvents - 1)] }
    foreach ($row in $rows) {
        if ($row.ContainsKey('unreadable')) {
            # A text that cannot be put together (its provider is gone): an error for this event, and the next one.
            $PSCmdlet.WriteError((New-SimError -Id 'FormatDescriptionException,Microsoft.PowerShell.Commands.GetWinEventCommand' -Category 'NotSpecified' -Message 'The description string for parameter reference cannot be found.'))
        }
        [pscustomobject]@{
            Id = $row.Id; ProviderName = $row.ProviderName; LogName = $LogName; RecordId = $row.RecordId; TimeCreated = Get-SimDate $row.At
            Level = $row.Level; Message = $row.Message; Properties = @($row.Properties | ForEach-Object { [pscustomobject]@{ Value = $_ } })
        }
    }
}

function Get-WBSummary {
    [CmdletBinding()] param()
    $call = Step-Sim $PSCmdlet 'Get-WBSummary'
    if ($call -and $call.ContainsKey('rows')) { foreach ($row in $call.rows) { $row.LastSuccessfulBackupTime = Get-SimDate $row.LastSuccessfulBackupTime; [pscustomobject] $row }; return }
    Read-Sim
    [pscustomobject]@{ LastBackupResultHR = 0; NumberOfVersions = [int] $Sim.Server['systemStates'] + 1; LastSuccessfulBackupTime = [datetime]::UtcNow }
}
function Get-WBBackupSet {
    [CmdletBinding()] param()
    $call = Step-Sim $PSCmdlet 'Get-WBBackupSet'
    if ($call -and $call.ContainsKey('rows')) { foreach ($row in $call.rows) { $row.BackupTime = Get-SimDate $row.BackupTime; [pscustomobject] $row }; return }
    [pscustomobject]@{ VersionId = '11/26/2026-10:00'; BackupTime = Get-SimDate '2026-11-26T10:00:00Z' }
}
