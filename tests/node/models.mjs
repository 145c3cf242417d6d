// A server of language models that others wrote: says where it is, and ends with its standard input.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, strict: true });
const calls = [
  { name: "listShifts", arguments: JSON.stringify({ day: "2026-06-01" }) },
  { name: "getShift", arguments: JSON.stringify({ ids: ["größer 👍"] }) },
];
mock.on({ userMessage: "Which shifts?", hasToolResult: false }, { content: "Let me look.", toolCalls: calls });
mock.on({ userMessage: "Which shifts?", hasToolResult: true }, { content: "Two shifts: früh and spät." });
await mock.start();
process.stdout.write(`${mock.url}\n`);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
