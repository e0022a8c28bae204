import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Workloads on MongoDB's wire start an engine of their own; imported before the module that starts them reads this. The engine
// that the start of WildDuck has installed will do where there is no other.
process.env.EIDER_TEST_ENGINES ??= "1";
const installed = join(process.env.EIDER_WILDDUCK ?? join(tmpdir(), "eider-bench-wildduck"), "venv");
if (!existsSync("/opt/secantus") && existsSync(installed)) process.env.SECANTUS_VENV ??= installed;
