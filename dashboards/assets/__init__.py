"""Files the browser loads: styles, scripts, the font, the chart bundle."""
