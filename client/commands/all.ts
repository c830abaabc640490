// Commands that people give now and then, in a file of their own: the client at work does not hold it.
export { runCheck } from "./check.js";
export { clientDetails } from "./details.js";
export { runLeases } from "./leases.js";
export { runPlan } from "./plan.js";
