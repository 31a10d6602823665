// Follows a backtest while it runs; without it the page says how to look again.
const bar = document.querySelector("progress[data-backtest]");
const line = document.querySelector("[data-progress]");
const SECONDS = 1;

async function look() {
  let answer;
  try {
    answer = await fetch(bar.dataset.backtest, { headers: { Accept: "application/json" } });
  } catch {
    return later();
  }
  if (!answer.ok) return later();
  const { backtest } = await answer.json();
  if (backtest.state !== "waiting" && backtest.state !== "running") return location.replace(bar.dataset.page);
  bar.value = backtest.progress;
  line.textContent = line.dataset.progress.replace("{seen}", backtest.seen).replace("{total}", backtest.total);
  later();
}

function later() {
  setTimeout(look, SECONDS * 1000);
}

if (bar) later();
