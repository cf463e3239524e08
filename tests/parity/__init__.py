"""Stream equals replay: real workers, their export, and a backtest of it in the recorded order, side by side."""
