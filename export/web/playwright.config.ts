import { defineConfig } from "@playwright/test";

// Chromium of the system; CHROMIUM holds its path where it is elsewhere.
const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const port = 4179;

export default defineConfig({
  testDir: "tests/browser",
  workers: 1,
  timeout: 180_000, // painting takes seconds on a small machine, more while it does other work
  expect: { timeout: 120_000 },
  reporter: "list",
  use: {
    baseURL: `http://localhost:${port}`,
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--force-color-profile=srgb",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--disable-quic", // this one and the rest: no connections of the browser's own
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
  webServer: {
    command: `npx vite preview --port ${port} --strictPort`,
    url: `http://localhost:${port}`,
  },
});
