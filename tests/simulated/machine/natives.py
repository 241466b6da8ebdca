"""The native tools of the simulated server: ``natives.py TOOL ARGUMENT...``, started as a process of its own.

What the description says of a tool ("calls": {"robocopy.exe": {...} or [first, second, ...]}):
``text``, ``stderr``: what it prints, in the console's code page; ``sleep``: seconds that it takes first; ``exit``: it
ends here with that code, unless ``work`` (then it does its work first); ``service``: the state in which it leaves the
licensing service; ``throw``: it is there and cannot be started. Each tool's own words stand beside it.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time

ROOT = os.environ["SIM_SERVER"]
BESIDE = ROOT.replace("/", "\\").rstrip("\\").rpartition("\\")[0].lower() + "\\"
OEM = "cp" + os.environ.get("SIM_OEM", "850")
HOST = os.environ.get("SIM_HOST")


def local(path):
    """The file that stands for a Windows path (names have no case there); any other path as it is.

    On Windows this machine's own look alike: they lie beside the server's folder.
    """
    if path.replace("/", "\\").lower().startswith(BESIDE):
        return path
    if path[1:2] == ":":
        place = os.path.join(ROOT, "drives")
    elif path.startswith("\\\\"):
        place = os.path.join(ROOT, "shares")
    else:
        return path
    for part in filter(None, path.replace("/", "\\").split("\\")):
        name = part.rstrip(":")
        there = os.listdir(place) if os.path.isdir(place) else []
        place = os.path.join(place, next((n for n in there if n.lower() == name.lower()), name))
    return place


def server():
    with open(os.path.join(ROOT, "server.json"), encoding="utf-8") as file:
        return json.load(file)


def save(state):
    with open(os.path.join(ROOT, "server.json"), "w", encoding="utf-8") as file:
        json.dump(state, file)


def machine(state):
    return state["hosts"][HOST] if HOST else state


def write(path, data):
    with open(local(path), "wb") as file:
        file.write(data)


def say(french, english=None):
    """A line on stdout, in the machine's language and code page."""
    french_here = machine(server())["computer"].get("culture", "").startswith("fr")
    text = french if french_here or english is None else english
    sys.stdout.buffer.write((text + "\r\n").encode(OEM, errors="replace"))


def leave(code):
    """End with any exit code: POSIX has eight bits of it, the rest goes through a file that the caller reads."""
    sys.stdout.flush()
    if not 0 <= code <= 255:
        with open(os.path.join(ROOT, os.environ.get("SIM_EXIT", "exit")), "w", encoding="ascii") as file:
            file.write(str(code))
    sys.exit(code & 0xFF or (1 if code else 0))


def stopped():
    return os.path.exists(os.path.join(ROOT, "stop"))


def asked(tool):
    said = machine(server()).get("calls", {}).get(tool + ".exe", {})
    counts = os.path.join(ROOT, "counts.json")
    counted = {}
    if os.path.isfile(counts):
        with open(counts, encoding="utf-8") as file:
            counted = json.load(file)
    key = f"{HOST}/{tool}"
    number = counted[key] = counted.get(key, 0) + 1
    with open(counts, "w", encoding="utf-8") as file:
        json.dump(counted, file)
    call = said[min(number, len(said)) - 1] if isinstance(said, list) else said
    if "cut" in call:
        # The line to the workstation is cut here (Machine.ps1, Stop-SimLine); "dies": this tool and its caller too.
        os.kill(int(os.environ["SIM_LINE"]), signal.SIGKILL)
        if call["cut"] == "dies":
            os.kill(os.getppid(), signal.SIGKILL)
            sys.exit(1)
    stop = time.monotonic() + call.get("sleep", 0)
    while time.monotonic() < stop and not stopped():
        time.sleep(0.02)
    if "text" in call:
        say(call["text"])
    if "stderr" in call:
        sys.stderr.write(call["stderr"] + "\n")
    if "exit" in call and not call.get("work"):
        leave(call["exit"])
    return call


def done(call, code=0):
    if "service" in call:
        state = server()
        state["service"]["state"] = call["service"]
        save(state)
    leave(call.get("exit", code))


def fits(call, key, text):
    return key in call and re.search(call[key], text) is not None


def switches(arguments):
    return {word.upper() for word in arguments if word.startswith("/") and ":" not in word}


def robocopy(call, arguments):
    """1 = files were copied, 0 = nothing to do, 8 = some could not be, 16 = it could not begin.

    ``skip``: regular expression of names that are not copied; ``change``: of names that come out otherwise;
    ``shorten``: of names that come out shorter.
    """
    source, target = local(arguments[0]), local(arguments[1])
    given = switches(arguments)
    log = next((word[8:] for word in arguments if word.upper().startswith("/UNILOG:")), None)
    if log is not None:
        if not os.path.isdir(os.path.dirname(local(log))):
            leave(16)
        write(log, "robocopy\r\n".encode("utf-16"))
    if not os.path.isdir(source) or "/MIR" in given or "/B" in given:
        leave(16)
    service = server()["service"]
    locked = service and service["state"] != "Stopped" and arguments[0].upper().startswith("C:\\")
    copied = 0
    for folder, folders, names in os.walk(source):
        if "/E" not in given:
            folders.clear()
        there = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(there, exist_ok=True)
        for name in sorted(names):
            if locked and name.lower().endswith(".edb"):
                leave(8)  # the running service holds it open exclusively
            if fits(call, "skip", name):
                continue
            made = os.path.join(there, name)
            shutil.copy2(os.path.join(folder, name), made)
            if fits(call, "change", name):
                with open(made, "r+b") as file:
                    file.write(b"other")
            if fits(call, "shorten", name):
                os.truncate(made, 1)
            copied = 1
    done(call, copied)


def esentutl(call, arguments):
    """/mh FILE: the header of a database. One that begins with "dirty" was not shut down cleanly."""
    path = local(arguments[1]) if arguments[0].lower() == "/mh" else ""
    if not os.path.isfile(path):
        leave(-1811)  # JET_errFileNotFound
    with open(path, "rb") as file:
        head = file.read(6)
    if head.startswith(b"broken"):
        say("Operation terminated with error -1206 (JET_errDatabaseCorrupted)")
        leave(-1206)
    say(f"            State: {'Dirty' if head.startswith(b'dirty') else 'Clean'} Shutdown")
    done(call)


def diskshadow(call, arguments):
    """/s FILE: ``expose`` shows the volume's copy as a drive, ``delete shadows`` takes it away.

    The shadow copies that there are stand in the description ("shadows"). ``expose``: false = made and not shown;
    ``delete``: false = it stays; ``other``: id of one that another program makes meanwhile; ``lacks``: names that the
    copy does not hold (what FilesNotToSnapshot in the registry names).
    """
    # Whoever can guess the file's place can write into it; one that is no .txt is what scanners stop.
    if not re.search(r"\\rds-cal-vss-[0-9a-f]{32}\\\w+\.txt$", arguments[1]):
        leave(2)
    with open(local(arguments[1]), encoding="ascii") as file:
        text = file.read()
    state = server()
    shadows = state.setdefault("shadows", [])
    if re.search(r"(?m)^create", text):
        if "set context persistent" not in text or "writer verify {5382579C-98DF-47A7-AC6C-98A6D7106E09}" not in text:
            say("Le contexte ou le module d'écriture manque.", "The context or the writer is missing.")
            leave(2)
        volume = re.search(r"add volume (\w):", text)[1]
        mine = {"id": f"{{00000000-0000-0000-0000-{len(shadows) + 1:012}}}", "drive": None}
        shadows.append(mine)
        save(state)
        say(f"L'alias RdsCalRunbook de l'ID de cliché {mine['id']} est défini.",
            f"Alias RdsCalRunbook for shadow ID {mine['id']} set as environment variable.")  # fmt: skip
        if "other" in call:  # another program makes one meanwhile
            shadows.append({"id": call["other"], "drive": None})
            save(state)
        made = re.search(r"expose \S+ (\w):", text)[1]
        if call.get("expose") is False:
            leave(call.get("code", 1))
        left_out = shutil.ignore_patterns("Temp", *call.get("lacks", []))
        shutil.copytree(local(volume + ":"), local(made + ":"), symlinks=True, ignore=left_out)
        mine["drive"] = made
        save(state)
    for found in re.finditer(r"delete shadows (exposed|id) (\S+)", text):
        if call.get("delete") is False:
            break
        key, wanted = {"exposed": "drive", "id": "id"}[found[1]], found[2].rstrip(":").lower()
        gone = [s for s in shadows if (s[key] or "").lower() == wanted]
        if not gone:
            leave(2)
        for shadow in gone:
            shadows.remove(shadow)
            if shadow["drive"]:
                shutil.rmtree(local(shadow["drive"] + ":"), ignore_errors=True)
        save(state)
    done(call)


def wevtutil(call, arguments):
    """epl CHANNEL FILE /q:QUERY /ow:true. 15007 = no such channel, 183 = the file is there already."""
    if arguments[0] != "epl" or arguments[1] not in machine(server())["events"]:
        leave(15007)
    if not os.path.isdir(os.path.dirname(local(arguments[2]))):
        leave(3)
    if os.path.exists(local(arguments[2])) and "/ow:true" not in arguments:
        leave(183)
    if not any(word.startswith("/q:*") for word in arguments):
        leave(15001)  # the query is invalid
    write(arguments[2], b"ElfFile\x00" + next(w for w in arguments if w.startswith("/q:")).encode())
    done(call)


def gpresult(call, arguments):
    """/scope computer /x|/h FILE /f. ``silent``: it ends well and writes nothing."""
    if arguments[:2] != ["/scope", "computer"] or ("/f" not in arguments and os.path.exists(local(arguments[3]))):
        leave(1)
    if not call.get("silent"):
        write(arguments[3], ("<Rsop/>" if arguments[2] == "/x" else "<html></html>").encode("utf-16"))
    done(call)


def gpupdate(call, arguments):
    """``asks``: whether it may restart now; nobody answers but the script."""
    if "/target:computer" not in arguments or "/wait:300" not in arguments:
        leave(1)
    if "asks" in call and sys.stdin.readline().strip() != "N":
        leave(5)
    state = server()
    state.setdefault("updated", []).append(HOST or state["computer"]["name"])
    if HOST and "policyTells" in state["hosts"][HOST]:
        # What the policy object says by now reaches the host when it reads its policy again.
        told = state["hosts"][HOST].pop("policyTells")
        for key, value in told.items():
            at = state["hosts"][HOST]
            *parents, last = [p.replace("~1", "/") for p in key.split("/")[1:]]
            for part in parents:
                at = at.setdefault(part, {})
            at[last] = value
    save(state)
    if not call.get("silent"):
        say("Mise à jour de la stratégie...", "Updating policy...")
        say(
            "La mise à jour de la stratégie d'ordinateur s'est terminée sans erreur.",
            "Computer Policy update has completed successfully.",
        )
    done(call)


def w32tm(call, arguments):
    if arguments != ["/query", "/source"]:
        leave(1)
    answer = server()["timeSource"]
    for line in answer["text"]:
        say(line)
    leave(answer["exit"])


def wbadmin(call, arguments):
    """start systemstatebackup -backupTarget:X -quiet, or stop job -quiet (which ends a start that is waiting)."""
    if arguments[0] == "stop":
        with open(os.path.join(ROOT, "stop"), "w", encoding="ascii"):
            pass
        leave(server().get("calls", {}).get("wbadmin stop", {}).get("exit", 0))
    if (
        len(arguments) != 4
        or arguments[1] != "systemstatebackup"
        or arguments[3] != "-quiet"
        or not arguments[2].startswith("-backupTarget:")
    ):
        say("ERREUR - La syntaxe de la commande est incorrecte.", "ERROR - The command syntax is incorrect.")
        leave(1)
    if stopped():
        say("L'opération a été arrêtée.", "The operation was stopped.")
        leave(call.get("exit", 2))
    state = server()
    state["systemStates"] = state.get("systemStates", 0) + 1
    state["systemStateAt"] = arguments[2].partition(":")[2]
    save(state)
    say("L'opération de sauvegarde a démarré et s'est terminée.", "The backup operation successfully completed.")
    done(call)


def icacls(call, arguments):
    """PATH and what is granted: kept in the description ("rights")."""
    if not os.path.exists(local(arguments[0])):
        leave(2)
    state = server()
    state.setdefault("rights", {})[arguments[0]] = arguments[1:]
    save(state)
    say("1 fichiers correctement traités", "Successfully processed 1 files")
    done(call)


def taskkill(call, arguments):
    """/T /F /PID NUMBER: that process and what it has started, which stands in /proc."""
    killed = [int(arguments[arguments.index("/PID") + 1])]
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                parents[int(entry)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    for number in killed:
        killed += [child for child, parent in parents.items() if parent == number and child != os.getpid()]
    for number in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    done(call)


if __name__ == "__main__":
    name = sys.argv[1]
    if said_to := os.environ.pop("SIM_STDOUT", None):
        sys.stdout = open(said_to, "w", encoding=OEM)  # noqa: SIM115 (until the process ends)
    first = {} if name == "wbadmin" and sys.argv[2] == "stop" else asked(name)
    globals()[name](first, sys.argv[2:])
