# The licensing service and the scheduled task that is its safety net. The service's states and how it goes from one to
# the next: stop, start: seconds that it takes (0), "pending" (it never gets there), "fails". "dependents": the services
# that depend on it, each with name, state and start ("fails").

function Get-SimService { Read-Sim; $Sim.Server.service }
function Set-SimServiceState { param([string] $State) $Sim.Server.service.state = $State; Save-Sim }
function Send-SimControl {
    # What the service control manager does with a request: '' = accepted, else why not.
    param([string] $Control)
    $service = Get-SimService
    $how = $service[$Control]
    if ($Control -eq 'stop') {
        if ($service.state -eq 'Stopped') { return 'The service has not been started.' }
        if ($service.state -ne 'Running') { return 'The service cannot accept control messages at this time.' }
        if ($how -eq 'fails') { return 'Access is denied.' }
        # ServiceController.Stop() of .NET Framework stops what depends on it first, and nothing starts that again.
        if ($service.ContainsKey('dependents')) { foreach ($one in $service.dependents) { $one.state = 'Stopped' } }
        Set-SimServiceState $(if ($how) { 'StopPending' } else { 'Stopped' })
        return ''
    }
    if ($service.state -eq 'Running') { return 'An instance of the service is already running.' }
    if ($service.startMode -eq 'Disabled') { return 'The service cannot be started, either because it is disabled or because it has no enabled devices associated with it.' }
    if ($service.state -ne 'Stopped') { return 'The service cannot accept control messages at this time.' }
    if ($how -eq 'fails') { return 'The service did not respond to the start or control request in a timely fashion.' }
    Set-SimServiceState $(if ($how) { 'StartPending' } else { 'Running' })
    ''
}
function New-SimDependent {
    # One service that depends on it, as ServiceController gives it.
    param([string] $Name)
    $one = [pscustomobject]@{ Name = $Name; Status = '' }
    Add-Member -InputObject $one -MemberType ScriptMethod -Name Refresh -Value { $this.Status = @((Get-SimService).dependents | Where-Object { $_.name -eq $this.Name })[0].state }
    Add-Member -InputObject $one -MemberType ScriptMethod -Name Start -Value {
        $found = @((Get-SimService).dependents | Where-Object { $_.name -eq $this.Name })[0]
        if ($Sim.Server.service.state -ne 'Running' -or $found['start'] -eq 'fails') { throw [System.InvalidOperationException]::new("Cannot start service $($this.Name) on computer '.'.") }
        $found.state = 'Running'
        Save-Sim
    }
    Add-Member -InputObject $one -MemberType ScriptMethod -Name WaitForStatus -Value {
        param($Wanted, $Time)
        $this.Refresh()
        if ($this.Status -ne $Wanted) { throw [System.TimeoutException]::new('Time out has expired and the operation has not been completed.') }
    }
    $one.Refresh()
    $one
}
function Wait-SimService {
    # Time passes: a pending service gets there if it takes no longer than this.
    param([double] $Seconds)
    $service = Get-SimService
    foreach ($control in 'stop', 'start') {
        $pending = @{ stop = 'StopPending'; start = 'StartPending' }[$control]
        if ($service.state -eq $pending -and $null -ne $service[$control] -and $service[$control] -isnot [string] -and [double] $service[$control] -le $Seconds) {
            Set-SimServiceState @{ stop = 'Stopped'; start = 'Running' }[$control]
        }
    }
}

function Get-Service {
    [CmdletBinding()] param([string] $Name)
    $null = Step-Sim $PSCmdlet 'Get-Service'
    if (-not $Sim.Server.service -or $Name -ne $Sim.Server.service.name) {
        $PSCmdlet.WriteError((New-SimError -Id 'NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand' -Category 'ObjectNotFound' -Message "Cannot find any service with service name '$Name'."))
        return
    }
    $mode = $Sim.Server.service.startMode
    $service = [pscustomobject]@{
        Name = $Name; Status = $Sim.Server.service.state; StartType = if ($mode -eq 'Auto') { 'Automatic' } else { $mode }
        DependentServices = @(if ($Sim.Server.service.ContainsKey('dependents')) { foreach ($one in $Sim.Server.service.dependents) { New-SimDependent $one.name } })
    }
    # ServiceController: Stop and Start send the control and do not wait.
    foreach ($control in 'Stop', 'Start') {
        Add-Member -InputObject $service -MemberType ScriptMethod -Name $control -Value ([scriptblock]::Create(
                "if (`$Sim.Dead) { throw [System.Management.Automation.PipelineStoppedException]::new() }
                `$call = Get-SimCall '$control-Service'
                if (`$call -and `$call.ContainsKey('cut')) { Stop-SimLine `$call.cut }
                if (`$call -and `$call.ContainsKey('throw')) { throw [System.InvalidOperationException]::new((New-SimFault `$call.throw '$control-Service').Exception.Message) }
                `$why = Send-SimControl '$($control.ToLowerInvariant())'
                if (`$why) { throw [System.InvalidOperationException]::new(`"Cannot $($control.ToLowerInvariant()) service `$(`$this.Name) on computer '.'.`", [System.ComponentModel.Win32Exception]::new(`$why)) }"))
    }
    Add-Member -InputObject $service -MemberType ScriptMethod -Name Refresh -Value { $this.Status = (Get-SimService).state }
    Add-Member -InputObject $service -MemberType ScriptMethod -Name WaitForStatus -Value {
        param($Wanted, $Time)
        if ($Sim.Dead) { throw [System.Management.Automation.PipelineStoppedException]::new() }
        Wait-SimService $Time.TotalSeconds
        $this.Refresh()
        if ($this.Status -ne $Wanted) { throw [System.TimeoutException]::new('Time out has expired and the operation has not been completed.') }
    }
    $service
}
function Stop-Service {
    [CmdletBinding()] param([string] $Name, [switch] $NoWait, [switch] $Force)
    $null = Step-Sim $PSCmdlet 'Stop-Service'
    if ((Get-SimService).state -eq 'Stopped') { return }   # the cmdlet says nothing where there is nothing to do
    $why = Send-SimControl 'stop'
    if ($why) { $PSCmdlet.WriteError((New-SimError -Id 'CouldNotStopService,Microsoft.PowerShell.Commands.StopServiceCommand' -Category 'CloseError' -Message "Service '$Name' cannot be stopped: $why")); return }
    Wait-SimService 1e9
    if (-not $NoWait -and (Get-SimService).state -eq 'StopPending') { Stop-Sim 'Stop-Service' }   # DoWaitForStatus waits as long as it is pending
}
function Start-Service {
    [CmdletBinding()] param([string] $Name)
    $null = Step-Sim $PSCmdlet 'Start-Service'
    if ((Get-SimService).state -eq 'Running') { return }
    $why = Send-SimControl 'start'
    if ($why) { $PSCmdlet.WriteError((New-SimError -Id 'CouldNotStartService,Microsoft.PowerShell.Commands.StartServiceCommand' -Category 'OpenError' -Message "Service '$Name' cannot be started: $why")); return }
    Wait-SimService 1e9
    if ((Get-SimService).state -eq 'StartPending') { Stop-Sim 'Start-Service' }
}

function New-ScheduledTaskAction { [CmdletBinding()] param([string] $Execute, [string] $Argument) [pscustomobject]@{ Execute = $Execute; Arguments = $Argument } }
function New-ScheduledTaskTrigger { [CmdletBinding()] param([switch] $Once, [datetime] $At, [timespan] $RepetitionInterval, [timespan] $RepetitionDuration) [pscustomobject]@{ StartBoundary = $At.ToString('s', [cultureinfo]::InvariantCulture); EndBoundary = $null; Repetition = [pscustomobject]@{ Interval = $RepetitionInterval; Duration = $RepetitionDuration } } }
function New-ScheduledTaskPrincipal { [CmdletBinding()] param([string] $UserId, [string] $LogonType, [string] $RunLevel) [pscustomobject]@{ UserId = $UserId; RunLevel = $RunLevel } }
function New-ScheduledTaskSettingsSet {
    [CmdletBinding()] param([switch] $StartWhenAvailable, [switch] $AllowStartIfOnBatteries, [switch] $DontStopIfGoingOnBatteries, [timespan] $DeleteExpiredTaskAfter)
    [pscustomobject]@{ StartWhenAvailable = [bool] $StartWhenAvailable; DisallowStartIfOnBatteries = -not $AllowStartIfOnBatteries; StopIfGoingOnBatteries = -not $DontStopIfGoingOnBatteries; DeleteExpiredTaskAfter = $null }
}
function Register-ScheduledTask {
    [CmdletBinding()] param([string] $TaskName, $Action, $Trigger, $Principal, $Settings, [switch] $Force)
    $null = Step-Sim $PSCmdlet 'Register-ScheduledTask'
    if ($Settings.DeleteExpiredTaskAfter -and -not $Trigger.EndBoundary) {
        # What the scheduler says of a task that is to go after an end that it does not have.
        $PSCmdlet.ThrowTerminatingError((New-SimError -Id 'HRESULT 0x80041319,Register-ScheduledTask' -Category 'NotSpecified' -Message 'The task XML is missing a required element or attribute. (EndBoundary)'))
    }
    $Sim.Server.task = $TaskName
    # The boundary is a text (the trigger's class has no other): one without a zone is local time, whatever that is by then.
    $begins = $Trigger.StartBoundary
    $Sim.Server.taskAt = ([datetime]::Parse($begins, [cultureinfo]::InvariantCulture)).ToUniversalTime().ToString('o')
    $Sim.Server.taskIs = @{
        start = $begins; execute = $Action.Execute; arguments = $Action.Arguments; user = $Principal.UserId; level = $Principal.RunLevel
        every = $Trigger.Repetition.Interval.TotalMinutes; during = $Trigger.Repetition.Duration.TotalMinutes
        end = [string] $Trigger.EndBoundary; whenAvailable = $Settings.StartWhenAvailable; deleteAfter = [string] $Settings.DeleteExpiredTaskAfter
        onBatteries = -not $Settings.DisallowStartIfOnBatteries -and -not $Settings.StopIfGoingOnBatteries
    }
    Save-Sim
    [pscustomobject]@{ TaskName = $TaskName }
}
function Unregister-ScheduledTask {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param([string] $TaskName)
    $call = Step-Sim $PSCmdlet 'Unregister-ScheduledTask'
    if ($call) { return }
    if ($PSCmdlet.ShouldProcess($TaskName)) { Read-Sim; $Sim.Server.Remove('task'); $Sim.Server.Remove('taskIs'); Save-Sim }
}
function Get-ScheduledTask { [CmdletBinding()] param([string] $TaskName) if ($Sim.Server['task'] -eq $TaskName) { [pscustomobject]@{ TaskName = $TaskName } } }
