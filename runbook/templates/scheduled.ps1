# Started by the scheduled task: runs one notebook as a new case that is named by the date, and hands on its exit code
# (0 done or waiting, 1 failed or bad input). It holds no value of its own; the task gives it all of them.
param(
    [Parameter(Mandatory = $true)] [string] $Python,
    [Parameter(Mandatory = $true)] [string] $Notebook,
    [Parameter(Mandatory = $true)] [string] $Workspace,
    [Parameter(Mandatory = $true)] [string] $Prefix,
    [Parameter(Mandatory = $true)] [string] $Of,
    [string] $Apply = ''
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$case = '{0}-{1}' -f $Prefix, [datetime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'")
$logs = Join-Path -Path $Workspace -ChildPath 'schedule'
$null = New-Item -Path $logs -ItemType Directory -Force -ErrorAction Stop
$log = Join-Path -Path $logs -ChildPath $case

Set-Item -LiteralPath 'Env:RUNBOOK_HOME' -Value $Workspace -ErrorAction Stop
Set-Item -LiteralPath 'Env:PYTHONIOENCODING' -Value 'utf-8' -ErrorAction Stop

# -r keeps a value as text: -p would turn a name of digits into a number.
$words = @('-m', 'papermill', "`"$Notebook`"", "`"$case.ipynb`"", '--no-progress-bar', '-r', 'of', "`"$Of`"")
if ($Apply) {
    $words += @('-r', 'apply', "`"$Apply`"")
}
$job = Start-Process -FilePath $Python -ArgumentList $words -WorkingDirectory $Workspace -NoNewWindow -PassThru `
    -RedirectStandardOutput "$log.out.txt" -RedirectStandardError "$log.txt" -ErrorAction Stop
$null = $job.Handle   # held on to: without it the exit code is not known afterwards
$null = $job.WaitForExit()
exit $job.ExitCode
