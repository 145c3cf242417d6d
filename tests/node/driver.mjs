// An MCP client of the official TypeScript SDKs that does what it is told: one JSON object a line on standard input,
// one answer a line on standard output. What goes wrong is an answer, too: {failed: {name, code, message}}.

import readline from "node:readline";

import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

let client, transport;
const notes = [];

function open({ sdk, kind, url, headers, command, args, env, session }) {
  const options = { requestInit: { headers }, sessionId: session };
  if (kind === "stdio") return new StdioClientTransport({ command, args, env, stderr: "pipe" });
  if (kind === "sse") return new (sdk === 1 ? OldSse : SSEClientTransport)(new URL(url), options);
  return new (sdk === 1 ? OldHttp : StreamableHTTPClientTransport)(new URL(url), options);
}

const acts = {
  // Connects; `era` is "legacy", "modern" or "auto" and means something to the newer SDK alone.
  async connect(order) {
    const me = { name: `driver-${order.sdk}`, version: "1" };
    const mode = order.era === "modern" ? { pin: "2026-07-28" } : (order.era ?? "legacy");
    client = order.sdk === 1 ? new OldClient(me) : new Client(me, { versionNegotiation: { mode } });
    client.onerror = (error) => notes.push(String(error?.message ?? error));
    transport = open(order);
    const told = [];
    transport.stderr?.on("data", (text) => told.push(String(text)));
    try {
      await client.connect(transport);
    } catch (error) {
      if (told.length) error.message += ` | ${told.join("")}`;
      throw error;
    }
    const version = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion ?? null;
    return {
      server: client.getServerVersion()?.name,
      capabilities: client.getServerCapabilities(),
      instructions: client.getInstructions(),
      version,
      session: transport.sessionId ?? null,
    };
  },
  // All tools. The SDKs check every page by their schemas, and keep output schemas to check results by.
  async tools() {
    const tools = [];
    let cursor;
    do {
      const page = await client.listTools(cursor ? { cursor } : undefined);
      tools.push(...page.tools);
      cursor = page.nextCursor;
    } while (cursor);
    return { tools };
  },
  async call({ name, args, cancel }) {
    const abort = new AbortController();
    if (cancel) setTimeout(() => abort.abort("not wanted any more"), 0);
    const [params, options] = [{ name, arguments: args ?? {} }, { signal: abort.signal, timeout: 20_000 }];
    const result = await (client instanceof OldClient ? client.callTool(params, undefined, options) : client.callTool(params, options));
    const text = result.content.filter((part) => part.type === "text").map((part) => part.text).join("");
    return { isError: Boolean(result.isError), text, structured: result.structuredContent ?? null };
  },
  async end() {
    await transport.terminateSession?.();
    await client.close();
    return {};
  },
  async notes() {
    return { notes };
  },
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  try {
    say(await acts[order.do](order));
  } catch (error) {
    const code = error?.code ?? error?.status ?? error?.data?.status ?? null;
    say({ failed: { name: error?.constructor?.name ?? "?", code, message: String(error?.message ?? error) } });
  }
}
process.exit(0);
