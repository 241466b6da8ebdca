# Started by the scheduled task: runs one notebook as a new case that is named by the date, and hands on its exit code
# (0 done or waiting, 1 failed or bad input; 3 of its own, where it could not start the notebook: the log says why).
# It holds no value of its own; the task gives it all of them.
param(
    [string] $Python = '',
    [string] $Notebook = '',
    [string] $Workspace = '',
    [string] $Prefix = '',
    [string] $Of = '',
    [string] $Apply = ''
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$stamp = [datetime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", [cultureinfo]::InvariantCulture)
$case = '{0}-{1}' -f $Prefix, $stamp
$said = Join-Path -Path $PSScriptRoot -ChildPath "$case.txt"   # beside this file until the workspace is there
try {
    foreach ($name in 'Python', 'Notebook', 'Workspace', 'Prefix', 'Of') {
        if (-not (Get-Variable -Name $name -ValueOnly)) { throw "scheduled.ps1: -$name" }
    }
    $logs = Join-Path -Path $Workspace -ChildPath 'schedule'
    $null = New-Item -Path $logs -ItemType Directory -Force -ErrorAction Stop
    Set-Location -LiteralPath $logs -ErrorAction Stop
    $said = Join-Path -Path $logs -ChildPath "$case.txt"

    Set-Item -LiteralPath 'Env:RUNBOOK_HOME' -Value $Workspace -ErrorAction Stop
    Set-Item -LiteralPath 'Env:PYTHONIOENCODING' -Value 'utf-8' -ErrorAction Stop
    if (-not (Test-Path -LiteralPath $Python -PathType Leaf)) { throw $Python }

    # -r keeps a value as text: -p would turn a name of digits into a number.
    $output = Join-Path -Path $Workspace -ChildPath "$case.ipynb"
    $words = @('-m', 'papermill', "`"$Notebook`"", "`"$output`"", '--no-progress-bar', '-r', 'of', "`"$Of`"")
    if ($Apply) {
        $words += @('-r', 'apply', "`"$Apply`"")
    }
    # Start-Process takes [ and ] in the path of a log for a pattern: the logs are written elsewhere and moved.
    $aside = Join-Path -Path ([System.IO.Path]::GetTempPath()) -ChildPath "rds-cal-$PID-$case"
    $job = Start-Process -FilePath $Python -ArgumentList $words -NoNewWindow -PassThru `
        -RedirectStandardOutput "$aside.out.txt" -RedirectStandardError "$aside.txt" -ErrorAction Stop
    $null = $job.Handle   # held on to: without it the exit code is not known afterwards
    $null = $job.WaitForExit()
    Move-Item -LiteralPath "$aside.out.txt" -Destination "$case.out.txt" -Force -ErrorAction Stop
    Move-Item -LiteralPath "$aside.txt" -Destination "$case.txt" -Force -ErrorAction Stop
}
catch {
    "$_" | Out-File -LiteralPath $said -Encoding utf8 -Append -ErrorAction Continue
    exit 3
}
exit $job.ExitCode
