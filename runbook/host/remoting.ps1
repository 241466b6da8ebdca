param([string] $InputPath, [string] $OutputPath)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# Carries one step's script to the license server over PowerShell remoting and brings back what it left: one session,
# opened with the rights of whoever runs this. No password, no CredSSP. Runs on the workstation.
# On the server the script lies, runs and writes in one folder of C:\Windows\Temp that only Administrators, SYSTEM and
# this account may open. It is removed at the end, failed or not; by a later session, where this one is killed. The
# folder of a change goes only when all that it holds has come back: where the line breaks, the next run of the case
# comes for it (Fetch), and after seven days any session removes it. The script itself is the step's own, byte for byte.

# Inputs: remoting-in.json, beside the step's evidence. With no Script the two machines are only looked at; with Fetch
# nothing is run, and what the folder of that Mark still holds is brought back.
$line = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
$Server = $line.Server
$Https = [bool] $line.Https
$Script = $line.Script
$Sha256 = $line.Sha256
$Values = $line.Values                  # in.json; in the private folder where it holds an identifier
$Folder = $line.Folder                  # the step's evidence
$PlaceInValues = $line.PlaceInValues    # the same, as in.json writes it
$LimitSeconds = $line.LimitSeconds
$Kind = $line.Kind                      # change or check
$Mark = $line.Mark                      # the end of the folder's name, by which it is found again
$Fetch = [bool] $line.Fetch

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

# On the server: who this is there, what its clock says, what an earlier session left.
$look = {
    $mode = "$($ExecutionContext.SessionState.LanguageMode)"   # no method call: a constrained session refuses it
    if ($mode -ne 'FullLanguage') {
        return @{ LanguageMode = $mode }
    }
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = [System.Security.Principal.WindowsPrincipal] $identity
    $administrators = [System.Security.Principal.SecurityIdentifier] 'S-1-5-32-544'
    $elevated = $principal.IsInRole($administrators)
    $policies = @(
        foreach ($row in Get-ExecutionPolicy -List) {
            if (@('MachinePolicy', 'UserPolicy') -contains $row.Scope.ToString()) {
                $row.ExecutionPolicy.ToString()
            }
        }
    )
    $nls = 'HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
    $codePage = $null
    if (Test-Path -LiteralPath $nls) {
        $codePage = (Get-Item -LiteralPath $nls).GetValue('OEMCP', $null)   # a child without a console writes in it
    }

    # A folder is left where the session's own process was ended. One whose process still runs is at work.
    $atWork = @()
    $swept = 0
    $kept = 0
    $temp = Join-Path -Path $env:SystemRoot -ChildPath 'Temp'
    $found = @()
    if ($elevated) {
        $found = @(Get-ChildItem -LiteralPath $temp -Directory -Force -ErrorAction SilentlyContinue)
    }
    foreach ($folder in $found) {
        if ($folder.Name -notmatch '^rds-cal-runbook-(change|check)-(\d+)-(\d+)-[0-9a-f]{32}$') {
            continue
        }
        $kind = $Matches[1]
        $since = [long] $Matches[3]
        $owners = @("$($Matches[2]) $since")
        # Anybody may make a folder there: only one that an administrator's session has made is touched.
        $owner = (Get-Acl -LiteralPath $folder.FullName).GetOwner([System.Security.Principal.SecurityIdentifier]).Value
        if (@('S-1-5-32-544', 'S-1-5-18', $identity.User.Value) -notcontains $owner) {
            continue
        }
        $process = Join-Path -Path $folder.FullName -ChildPath 'process.txt'
        if (Test-Path -LiteralPath $process) {
            $owners += @(Get-Content -LiteralPath $process -Encoding UTF8)
        }
        $alive = $false
        foreach ($one in $owners) {
            $number, $ticks = $one.Split(' ')
            $running = Get-Process -Id $number -ErrorAction SilentlyContinue
            if ($running -and [System.Math]::Abs($running.StartTime.ToUniversalTime().Ticks - [long] $ticks) -lt 20000000) {
                $alive = $true
            }
        }
        if ($kind -eq 'change') {
            # Its script may be over while the session that watched it still waits for a line that broke.
            $over = Test-Path -LiteralPath (Join-Path -Path $folder.FullName -ChildPath 'ended.json')
            if (-not $alive -and -not (Test-Path -LiteralPath $process)) {
                # Its session ended before it had written down what it started: that names the folder in its command line.
                $asked = @{ ClassName = 'Win32_Process'; Filter = "CommandLine LIKE '%$($folder.Name)%'" }
                $alive = @(Get-CimInstance @asked -ErrorAction Stop).Count -gt 0
            }
            if ($alive -and -not $over) {
                $atWork += $folder.Name
                continue
            }
            $given = Join-Path -Path $folder.FullName -ChildPath 'in.json'
            if (Test-Path -LiteralPath $given) {
                Remove-Item -LiteralPath $given -Force -ErrorAction SilentlyContinue   # nobody reads it any more
            }
            if ($since -gt [datetime]::UtcNow.AddDays(-7).Ticks) {
                $kept++   # for the run that comes for what it holds
                continue
            }
        }
        elseif ($alive) {
            continue
        }
        Remove-Item -LiteralPath $folder.FullName -Recurse -Force -ErrorAction SilentlyContinue
        $swept++
    }
    @{
        LanguageMode      = $mode
        ComputerName      = $env:COMPUTERNAME
        UserName          = $identity.Name
        IsElevated        = $elevated
        PowerShellVersion = $PSVersionTable.PSVersion.ToString()
        OsVersion         = [System.Environment]::OSVersion.Version.ToString()
        CodePage          = $codePage
        Policies          = @($policies)
        AtWork            = @($atWork)
        Swept             = $swept
        Kept              = $kept
        At                = [datetime]::UtcNow.ToString('o')
    }
}

# On the server: the script in its folder, under the same command line as on a server that the runbook runs on.
$work = {
    param([byte[]] $Script, [string] $Sha256, [byte[]] $Values, [string] $PlaceInValues, [int] $LimitSeconds,
        [string] $Kind, [string] $Mark)
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'

    $folder = $null
    $child = $null
    $over = $false
    try {
        try {
            $own = Get-Process -Id $PID -ErrorAction Stop
            $name = 'rds-cal-runbook-{0}-{1}-{2}-{3}' -f $Kind, $PID, $own.StartTime.ToUniversalTime().Ticks, $Mark
            $place = Join-Path -Path (Join-Path -Path $env:SystemRoot -ChildPath 'Temp') -ChildPath $name
            $null = New-Item -Path $place -ItemType Directory -ErrorAction Stop   # no -Force: never one that is there
            $folder = $place
            # Closed while it is still empty. By SID: the names are translated.
            $me = [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value
            $null = icacls.exe $folder /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' "*${me}:(OI)(CI)F" /Q
            if ($LASTEXITCODE -ne 0) {
                throw "icacls: exit code $LASTEXITCODE. The folder could not be closed: nothing was put into it."
            }
            $null = New-Item -Path (Join-Path -Path $folder -ChildPath 'files') -ItemType Directory -ErrorAction Stop
            $text = Join-Path -Path $folder -ChildPath 'script.ps1'
            [System.IO.File]::WriteAllBytes($text, $Script)
            $there = (Get-FileHash -LiteralPath $text -Algorithm SHA256 -ErrorAction Stop).Hash
            if ($there -ne $Sha256) {
                throw "SHA-256 of the script on the server: $there. Expected: $Sha256."
            }
            # The one thing that is another here: where the script may put its files.
            $inside = [System.Text.Encoding]::UTF8.GetString($Values).Replace($PlaceInValues, $folder.Replace('\', '\\'))
            $in = Join-Path -Path $folder -ChildPath 'in.json'
            [System.IO.File]::WriteAllBytes($in, [System.Text.Encoding]::UTF8.GetBytes($inside))
            $out = Join-Path -Path $folder -ChildPath 'out.json'
            $shell = Join-Path -Path $env:SystemRoot -ChildPath 'System32\WindowsPowerShell\v1.0\powershell.exe'
            $child = Start-Process -FilePath $shell -ArgumentList @(
                '-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'RemoteSigned',
                '-File', "`"$text`"", '-InputPath', "`"$in`"", '-OutputPath', "`"$out`""
            ) -NoNewWindow -PassThru -ErrorAction Stop `
                -RedirectStandardOutput (Join-Path -Path $folder -ChildPath 'stdout.bin') `
                -RedirectStandardError (Join-Path -Path $folder -ChildPath 'stderr.bin')
        }
        catch {
            @{ Told = 'not started'; FullyQualifiedErrorId = $_.FullyQualifiedErrorId
                Category = $_.CategoryInfo.Category.ToString(); HResult = '0x{0:X8}' -f $_.Exception.HResult
                Message = $_.Exception.Message
            }
            return
        }
        $null = $child.Handle   # held on to: without it the exit code is not known afterwards
        try {
            $started = '{0} {1}' -f $child.Id, $child.StartTime.ToUniversalTime().Ticks
            Set-Content -LiteralPath (Join-Path -Path $folder -ChildPath 'process.txt') -Encoding UTF8 -Value $started
        }
        catch {
            $started = $null   # it is over already
        }
        # In small waits: a session that is closed ends this between two of them, and `finally` is reached.
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $timedOut = $false
        $killed = $true
        while (-not $child.WaitForExit(500)) {
            if ($watch.Elapsed.TotalSeconds -ge $LimitSeconds) {
                $timedOut = $true
                # In a remote session a line on stderr is an error record, which 'Stop' would turn into an exception.
                $ErrorActionPreference = 'Continue'
                $null = taskkill.exe /T /F /PID $child.Id
                if ($LASTEXITCODE -ne 0) {
                    $killed = $false   # it had ended meanwhile, or it could not be ended
                }
                $ErrorActionPreference = 'Stop'
                $null = $child.WaitForExit(10000)
                break
            }
        }
        $exitCode = $null
        if (-not $timedOut) {
            $child.WaitForExit()
            $exitCode = $child.ExitCode
        }
        $over = $true
        $told = @{ ExitCode = $exitCode; TimedOut = $timedOut; Killed = $killed; Seconds = [System.Math]::Round($watch.Elapsed.TotalSeconds, 3) }
        if ($Kind -eq 'change') {
            # Written down before it is told: a line that breaks now takes nothing of it away.
            ConvertTo-Json -InputObject $told |
                Out-File -LiteralPath (Join-Path -Path $folder -ChildPath 'ended.json') -Encoding utf8 -ErrorAction Continue
        }
        @{ Told = 'ended'; Folder = $folder } + $told
    }
    finally {
        $ErrorActionPreference = 'Continue'
        if ($folder -and $child -and $Kind -eq 'change') {
            # What identifiers it was given is read by now; a change that nobody waits for any more is not cut down.
            Remove-Item -LiteralPath (Join-Path -Path $folder -ChildPath 'in.json') -Force -ErrorAction SilentlyContinue
        }
        elseif ($folder -and -not $over) {
            if ($child -and -not $child.HasExited) {
                $null = taskkill.exe /T /F /PID $child.Id
                if ($LASTEXITCODE -ne 0) {
                    Start-Sleep -Milliseconds 300   # it had ended meanwhile, or it could not be ended
                }
            }
            Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction SilentlyContinue
        }
    }
}

# On the server: the folder of a change whose end did not come back, and how its script ended, where that was seen.
$find = {
    param([string] $Mark)
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $temp = Join-Path -Path $env:SystemRoot -ChildPath 'Temp'
    $answer = @{ Folder = $null; Ended = $false; ExitCode = $null; TimedOut = $false; Seconds = $null }
    foreach ($folder in @(Get-ChildItem -LiteralPath $temp -Directory -Force -ErrorAction Stop)) {
        if ($folder.Name -notmatch "^rds-cal-runbook-change-\d+-\d+-$Mark$") {
            continue
        }
        $owner = (Get-Acl -LiteralPath $folder.FullName).GetOwner([System.Security.Principal.SecurityIdentifier]).Value
        if (@('S-1-5-32-544', 'S-1-5-18', $identity.User.Value) -notcontains $owner) {
            continue
        }
        $answer.Folder = $folder.FullName
        try {
            $text = Get-Content -LiteralPath (Join-Path -Path $folder.FullName -ChildPath 'ended.json') -Raw -Encoding UTF8
            $told = $text | ConvertFrom-Json
            $answer.ExitCode = $told.ExitCode
            $answer.TimedOut = [bool] $told.TimedOut
            $answer.Seconds = $told.Seconds
            $answer.Ended = $true
        }
        catch {
            $answer.Ended = $false   # whoever watched it was ended before it
        }
    }
    $answer
}

# On the server: what the script left, in pieces: a log of any size passes in a little memory. out.json comes last:
# with it the answer is whole.
$send = {
    param([string] $Folder)
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $own = @('script.ps1', 'in.json', 'process.txt', 'ended.json')
    $left = @(Get-ChildItem -LiteralPath $Folder -Recurse -File -Force -ErrorAction Stop |
            Where-Object -FilterScript { $own -notcontains $_.Name } |
            Sort-Object -Property @{ Expression = { $_.Name -eq 'out.json' } }, 'FullName')
    foreach ($file in $left) {
        $relative = $file.FullName.Substring($Folder.Length + 1).Replace('\', '/')
        $stream = [System.IO.File]::OpenRead($file.FullName)
        try {
            do {
                $piece = New-Object -TypeName 'byte[]' -ArgumentList ([System.Math]::Min(1048576, $stream.Length - $stream.Position))
                $read = $stream.Read($piece, 0, $piece.Length)
                if ($read -lt $piece.Length) {
                    throw "$relative became shorter while it was read."
                }
                @{ Name = $relative; Bytes = $piece }
            } while ($stream.Position -lt $stream.Length)
        }
        finally {
            $stream.Dispose()
        }
    }
}

# On the server: the folder goes. Is it gone?
$clear = {
    param([string] $Folder)
    Set-StrictMode -Version Latest
    for ($try = 0; $try -lt 10 -and (Test-Path -LiteralPath $Folder); $try++) {
        if ($try) {
            Start-Sleep -Milliseconds 300   # a virus scanner, or a process that is just ending, holds a file
        }
        Remove-Item -LiteralPath $Folder -Recurse -Force -ErrorAction SilentlyContinue
    }
    -not (Test-Path -LiteralPath $Folder)
}

function Save-Piece {
    # A piece of a file, where it belongs: the two streams to this process's own, everything else below the folder.
    param([string] $Name, [byte[]] $Bytes)
    if ($streams.ContainsKey($Name)) {
        $streams[$Name].Write($Bytes, 0, $Bytes.Length)
        $streams[$Name].Flush()
        return
    }
    if ($Name -match '(^|/)\.\.?(/|$)|^/|[:\\]') {
        throw "The server gave a file a name that leads elsewhere: $Name"
    }
    $path = Join-Path -Path $Folder -ChildPath $Name
    $null = New-Item -Path (Split-Path -Path $path -Parent) -ItemType Directory -Force -ErrorAction Stop
    $mode = 'Create'
    if ($begun.ContainsKey($Name)) {
        $mode = 'Append'
    }
    $begun[$Name] = $true
    $file = New-Object -TypeName 'System.IO.FileStream' -ArgumentList $path, $mode
    try {
        $file.Write($Bytes, 0, $Bytes.Length)
    }
    finally {
        $file.Dispose()
    }
}
$streams = @{ 'stdout.bin' = [System.Console]::OpenStandardOutput(); 'stderr.bin' = [System.Console]::OpenStandardError() }
$begun = @{}

$watch = [System.Diagnostics.Stopwatch]::StartNew()
$session = $null
$there = $null
$difference = $null
$started = $false    # true as soon as the script may have begun
$ended = $null
$place = $null       # the folder on the server, once there is something to bring back from it
$whole = $false      # all of it has come back
$removed = $null
$fault = $null
$opened = $null
try {
    # The profile is not loaded: an account that has never been on the server leaves none there.
    $option = New-PSSessionOption -OpenTimeout 30000 -OperationTimeout 180000 -CancelTimeout 20000 -NoMachineProfile
    if ($Https) {
        $session = New-PSSession -ComputerName $Server -UseSSL -SessionOption $option -ErrorAction Stop
    }
    else {
        $session = New-PSSession -ComputerName $Server -Authentication Kerberos -SessionOption $option -ErrorAction Stop
    }
    $opened = $watch.Elapsed.TotalSeconds
    $before = [datetime]::UtcNow
    $there = Invoke-Command -Session $session -ScriptBlock $look -ErrorAction Stop
    if ($there.ContainsKey('At')) {
        $halfway = $before.AddSeconds((New-TimeSpan -Start $before -End ([datetime]::UtcNow)).TotalSeconds / 2)
        $at = [datetime]::Parse([string] $there.At, [cultureinfo]::InvariantCulture, 'RoundtripKind')
        $difference = [System.Math]::Round((New-TimeSpan -Start $halfway -End $at.ToUniversalTime()).TotalSeconds, 1)
        # What a policy, a right or an earlier change says against it is judged before any step: nothing is sent then.
        $free = $there.IsElevated -and @($there.AtWork).Count -eq 0
        if ($Fetch -and $free) {
            $lies = Invoke-Command -Session $session -ScriptBlock $find -ErrorAction Stop -ArgumentList $Mark
            $place = $lies.Folder
            $started = $null -ne $place
            if ($lies.Ended) {
                $ended = $lies
            }
        }
        elseif ($Script -and $free) {
            $text = [System.IO.File]::ReadAllBytes($Script)
            $given = [System.IO.File]::ReadAllBytes($Values)
            $started = $true
            $told = Invoke-Command -Session $session -ScriptBlock $work -ErrorAction Stop -ArgumentList @(
                $text, $Sha256, $given, $PlaceInValues, $LimitSeconds, $Kind, $Mark
            )
            if ($told.Told -eq 'ended') {
                $ended = $told
                $place = $told.Folder
            }
            else {
                $started = $false
                $fault = [pscustomobject]@{
                    FullyQualifiedErrorId = $told.FullyQualifiedErrorId
                    Category              = $told.Category
                    HResult               = $told.HResult
                    Message               = $told.Message
                }
            }
        }
        if ($place) {
            Invoke-Command -Session $session -ScriptBlock $send -ErrorAction Stop -ArgumentList $place |
                ForEach-Object -Process { Save-Piece -Name $_.Name -Bytes $_.Bytes }
            $whole = $true
        }
    }
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_
}
finally {
    if ($session) {
        # A change of which something is still there only stays for the next run to come for.
        if ($place -and ($whole -or $Kind -eq 'check')) {
            try {
                $removed = [bool] (Invoke-Command -Session $session -ScriptBlock $clear -ErrorAction Stop -ArgumentList $place)
            }
            catch {
                $removed = $false
            }
        }
        Remove-PSSession -Session $session -ErrorAction SilentlyContinue
    }
}

$exitCode = 1
$timedOut = $false
$seconds = $null
$codeThere = $null
if ($ended) {
    $codeThere = $ended.ExitCode
    $timedOut = [bool] $ended.TimedOut
    $seconds = $ended.Seconds
    if (-not $timedOut) {
        $exitCode = $ended.ExitCode
    }
}
$result = [pscustomobject]@{
    Server          = $Server
    Https           = $Https
    Here            = [pscustomobject]@{
        ComputerName      = $env:COMPUTERNAME
        UserName          = [System.Security.Principal.WindowsIdentity]::GetCurrent().Name
        PowerShellVersion = $PSVersionTable.PSVersion.ToString()
        OsVersion         = [System.Environment]::OSVersion.Version.ToString()
        At                = [datetime]::UtcNow.ToString('o')
    }
    There           = $there
    ClockDifference = $difference
    Started         = $started
    Ended           = ($null -ne $ended)
    Whole           = $whole
    ExitCode        = $codeThere
    TimedOut        = $timedOut
    Removed         = $removed
    SecondsToOpen   = $opened
    SecondsThere    = $seconds
    SecondsInAll    = $watch.Elapsed.TotalSeconds
    Fault           = $fault
}
ConvertTo-Json -InputObject $result -Depth 5 | Out-File -LiteralPath $OutputPath -Encoding utf8
exit $exitCode
