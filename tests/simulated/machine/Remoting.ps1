# Each host answers from its own description, in a runspace of its own, and its answer is serialised as on the wire. A
# session on another server (New-PSSession) is a process of its own: its objects cross a real line, which can be cut.

function New-PSSessionOption {
    # 7 on Linux has no such parameters.
    [CmdletBinding()] param([int] $OpenTimeout, [int] $OperationTimeout, [int] $CancelTimeout, [switch] $NoMachineProfile)
    @{ open = $OpenTimeout; operation = $OperationTimeout }
}
function New-PSSession {
    [CmdletBinding()] param([string] $ComputerName, [string] $Authentication, [switch] $UseSSL, $SessionOption)
    $null = Step-Sim $PSCmdlet 'New-PSSession'
    $there = if ($Sim.Server.ContainsKey('servers')) { $Sim.Server.servers[$ComputerName] }
    $why = [string] $Sim.Server.unreachable[$ComputerName]
    if (-not $why -and -not $there) { $why = 'ComputerNotFound,PSSessionOpenFailed' }
    if ($why) {
        $message = if ($Sim.Server.ContainsKey('lineSays')) { $Sim.Server.lineSays } else { "[$ComputerName] Connecting to remote server $ComputerName failed." }
        $PSCmdlet.WriteError((New-SimError -Id $why -Category 'OpenError' -Target $ComputerName -Message $message))
        return
    }
    $here = $env:SIM_SERVER
    $env:SIM_SERVER = $there
    try {
        $process = [System.Management.Automation.Runspaces.PowerShellProcessInstance]::new()
        $far = [runspacefactory]::CreateOutOfProcessRunspace($null, $process)
        $far.Open()
    }
    finally { $env:SIM_SERVER = $here }
    $session = [System.Management.Automation.Runspaces.PSSession]::Create($far, 'Simulated', $PSCmdlet)
    Add-Member -InputObject $session -NotePropertyName 'Process' -NotePropertyValue $process.Process
    $null = Microsoft.PowerShell.Core\Invoke-Command -Session $session -ScriptBlock ([scriptblock]::Create(". '$PSScriptRoot/Far.ps1'"))
    $session
}
function Remove-PSSession {
    [CmdletBinding()] param($Session)
    if ($Session.Process.HasExited) { return }
    Microsoft.PowerShell.Core\Remove-PSSession -Session $Session
    $Session.Process.Kill()   # it would wait for another session; once gone, its processor time is counted with ours
    $Session.Process.WaitForExit()
}

function Invoke-Command {
    [CmdletBinding()]
    param([string[]] $ComputerName, [scriptblock] $ScriptBlock, $ArgumentList, [int] $ThrottleLimit, $SessionOption, $Session)
    if ($Session) {
        # Not the real cmdlet: that waits a whole minute for the farewell of a process that is gone (CloseAsync in
        # OutOfProcTransportManager.cs); the end of a WinRM session is told at once.
        $far = [powershell]::Create()
        $far.Runspace = $Session.Runspace
        $null = $far.AddScript($ScriptBlock.ToString())
        foreach ($argument in $ArgumentList) { $null = $far.AddArgument($argument) }
        $none = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $none.Complete()
        $came = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $going = $far.BeginInvoke($none, $came)
        do {
            $over = $going.AsyncWaitHandle.WaitOne(50)
            $came.ReadAll()
            if (-not $over -and $Session.Process.HasExited) {
                throw (New-SimError -Id 'JobFailure' -Category 'OperationStopped' -Message 'The process of the session has ended.')
            }
        } until ($over)
        try { $null = $far.EndInvoke($going) } catch { throw $_.Exception.InnerException.ErrorRecord }
        foreach ($record in $far.Streams.Error) { throw $record }
        return
    }
    foreach ($asked in $ComputerName) {
        if ([uri]::CheckHostName($asked) -eq 'Unknown' -and $asked -ne '.') {
            # One of them ends the call for all.
            $PSCmdlet.ThrowTerminatingError((New-SimError -Id 'PSSessionInvalidComputerName,Microsoft.PowerShell.Commands.InvokeCommandCommand' -Category 'InvalidArgument' -Message 'One or more computer names are not valid. If you are trying to pass a URI, use the -ConnectionUri parameter, or pass URI objects instead of strings.'))
        }
    }
    $null = Step-Sim $PSCmdlet 'Invoke-Command'
    $Sim.Server.throttle = $ThrottleLimit   # told, not kept to: the hosts answer one after the other
    $Sim.Server.waits = $SessionOption
    Save-Sim
    $text = $ScriptBlock.ToString()   # what crosses the wire is text
    $far = $null
    try {
        foreach ($asked in $ComputerName) {
            $name = if ($asked -eq '.') { 'localhost' } else { $asked }   # as ResolveComputerName does
            $origin = [System.Management.Automation.Remoting.OriginInfo]::new($name, [guid]::NewGuid())
            $found = @($Sim.Server.hosts.Keys | Where-Object { $_ -eq $name })
            if ($Sim.Server.unreachable.ContainsKey($name) -or -not $found) {
                $why = $Sim.Server.unreachable[$name]
                if (-not $why) { $why = 'ComputerNotFound,PSSessionStateBroken' }
                if ($why -isnot [hashtable]) { $why = @{ id = $why; message = "[$name] Connecting to remote server $name failed." } }
                $record = New-SimError -Id $why.id -Category 'OpenError' -Target $name -Message $why.message
                $PSCmdlet.WriteError([System.Management.Automation.Runspaces.RemotingErrorRecord]::new($record, $origin))
                continue
            }
            if (-not $far) {
                # As over there: no strict mode, no preference and no variable of this script's.
                $far = [powershell]::Create((New-SimState))
                $env:SIM_AS = $found[0]
                $null = $far.AddScript(". '$PSScriptRoot/Machine.ps1'").Invoke()
            }
            $far.Commands.Clear()
            $null = $far.AddScript("Select-SimHost '$($found[0])'; `$Sim.Counts.Clear(); Remove-Variable -Name LASTEXITCODE -Scope Global -ErrorAction Ignore").Invoke()
            $far.Commands.Clear()
            $far.Streams.ClearStreams()
            $null = $far.AddScript($text, $true)
            foreach ($argument in @($ArgumentList)) { $null = $far.AddArgument($argument) }
            $answers = @()
            $records = @()
            try { $answers = @($far.Invoke()) } catch { $records = @($_.Exception.InnerException.ErrorRecord) }
            foreach ($record in @($far.Streams.Error) + $records) {
                if ($record) { $PSCmdlet.WriteError([System.Management.Automation.Runspaces.RemotingErrorRecord]::new($record, $origin)) }
            }
            $as = if ($Sim.Server.ContainsKey('answersAs') -and $Sim.Server.answersAs.ContainsKey($name)) { $Sim.Server.answersAs[$name] } else { $name }
            foreach ($answer in $answers) {
                $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($answer, 2))
                if ($Sim.Server.ContainsKey('garbled') -and $Sim.Server.garbled.ContainsKey($name)) {
                    if ($copy.PSObject.Properties['Json']) { $copy.Json = $Sim.Server.garbled[$name] } else { $copy = [psobject] $Sim.Server.garbled[$name] }
                }
                Add-Member -InputObject $copy -NotePropertyName 'PSComputerName' -NotePropertyValue $as -Force
                $copy
            }
            if ($Sim.Server.ContainsKey('says') -and $Sim.Server.says.ContainsKey($name)) {
                # What the host's own session says beside the answer.
                Add-Member -InputObject ([psobject] $Sim.Server.says[$name]) -NotePropertyName 'PSComputerName' -NotePropertyValue $as -PassThru
            }
        }
    }
    finally {
        if ($far) { $far.Dispose() }
        $env:SIM_AS = ''
        Select-SimHost ''
    }
}
