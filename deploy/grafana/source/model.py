"""Grafana's model of a dashboard, as much of it as is used here: panels, targets, the grid."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"


def query(expr, legend="", *, instant=False, table=False, heatmap=False):
    """A target; its letter comes from the place in its panel."""
    return {"expr": expr, "legendFormat": legend or "__auto", "instant": instant, "range": not instant,
            "format": "table" if table else "heatmap" if heatmap else "time_series", "editorMode": "code"}


def steps(base, *more):
    """Thresholds: the colour from the bottom, then (value, colour) upwards."""
    return {"mode": "absolute", "steps": [{"color": base, "value": None}]
            + [{"color": color, "value": value} for value, color in more]}


def mapping(**texts):
    """Values shown as words: _0=("nobody", RED)."""
    return [{"type": "value", "options": {name.lstrip("_"): {"index": index, "text": text, "color": color}
                                          for index, (name, (text, color)) in enumerate(texts.items())}}]


def colored(name, color):
    """One series has its colour whatever else is there."""
    return {"matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}


def panel(kind, title, description, targets, options, *, defaults, width, height, overrides=(), **more):
    assert description.endswith("."), title
    targets = [targets] if isinstance(targets, dict) else targets
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE,
            "targets": [{"refId": chr(ord("A") + at), "datasource": DATASOURCE, **one}
                        for at, one in enumerate(targets)],
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}, "options": options,
            "gridPos": {"w": width, "h": height}, **more}


def lines(title, description, targets, unit, *, width=8, height=8, stack=False, bars=False, fill=None, low=0, high=None,
          log=False, thresholds=None, overrides=(), legend=True):
    custom = {"drawStyle": "bars" if bars else "line", "lineWidth": 1, "showPoints": "never", "spanNulls": False,
              "fillOpacity": fill if fill is not None else 80 if bars else 25 if stack else 8,
              "stacking": {"mode": "normal" if stack else "none", "group": "A"},
              "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"},
              "thresholdsStyle": {"mode": "dashed" if thresholds else "off"}}
    defaults = {"unit": unit, "custom": custom, "color": {"mode": "palette-classic"}, "mappings": [],
                "thresholds": thresholds or steps(GREEN)}
    if low is not None and not log:
        defaults["min"] = low
    if high is not None:
        defaults["max"] = high
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": legend, "calcs": []},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, description, targets, options, defaults=defaults, width=width, height=height,
                 overrides=overrides)


def stat(title, description, targets, unit, thresholds, *, width=3, height=4, graph=True, mappings=(), decimals=None):
    defaults = {"unit": unit, "thresholds": thresholds, "mappings": list(mappings), "color": {"mode": "thresholds"}}
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {"colorMode": "value", "graphMode": "area" if graph else "none", "justifyMode": "auto",
               "orientation": "auto", "textMode": "auto", "wideLayout": True, "showPercentChange": False,
               "percentChangeColorMode": "standard",
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return panel("stat", title, description, targets, options, defaults=defaults, width=width, height=height)


def heatmap(title, description, target, *, width=8, height=8):
    options = {"calculate": False, "cellGap": 1, "showValue": "never",
               "color": {"mode": "scheme", "scheme": "Spectral", "steps": 64, "exponent": 0.5, "fill": "dark-orange",
                         "scale": "exponential", "reverse": True},
               "yAxis": {"axisPlacement": "left", "unit": "s", "reverse": False}, "rowsFrame": {"layout": "auto"},
               "filterValues": {"le": 1e-9}, "cellValues": {"unit": "short"}, "legend": {"show": False},
               "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False}, "exemplars":
               {"color": "rgba(255,0,255,0.7)"}}
    defaults = {"custom": {"scaleDistribution": {"type": "linear"},
                           "hideFrom": {"tooltip": False, "viz": False, "legend": False}}}
    return panel("heatmap", title, description, target, options, defaults=defaults, width=width, height=height)


def states(title, description, targets, mappings, *, width=8, height=8):
    options = {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.85,
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
               "tooltip": {"mode": "single", "sort": "none"}}
    defaults = {"mappings": mappings, "thresholds": steps(GREEN), "color": {"mode": "thresholds"},
                "custom": {"fillOpacity": 75, "lineWidth": 0}}
    return panel("state-timeline", title, description, targets, options, defaults=defaults, width=width, height=height)


def table(title, description, target, columns, *, width=8, height=8):
    """`columns`: field → heading, in order; other fields are left out."""
    options = {"showHeader": True, "cellHeight": "sm", "frameIndex": 0}
    defaults = {"custom": {"align": "auto", "inspect": False}, "mappings": [], "thresholds": steps(GREEN)}
    organise = {"id": "organize", "options": {
        "excludeByName": {"Time": True}, "indexByName": {name: at for at, name in enumerate(columns)},
        "renameByName": columns}}
    return panel("table", title, description, target, options, defaults=defaults, width=width, height=height,
                 transformations=[organise])


def bar_gauge(title, description, target, unit, thresholds, *, width=8, height=8, high=None):
    defaults = {"unit": unit, "thresholds": thresholds, "mappings": [], "color": {"mode": "thresholds"}, "min": 0}
    if high is not None:
        defaults["max"] = high
    options = {"displayMode": "gradient", "orientation": "horizontal", "showUnfilled": True, "valueMode": "color",
               "namePlacement": "auto", "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300,
               "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return panel("bargauge", title, description, target, options, defaults=defaults, width=width, height=height)


def row(title, panels, *, repeat=None, collapsed=False):
    made = {"type": "row", "title": title, "collapsed": collapsed, "inside": panels,
            "gridPos": {"w": WIDTH, "h": 1}}
    if repeat:
        made["repeat"] = repeat
    return made


def place(rows):
    """Gives every panel its number and its place: from left to right, a new line when one is full. The panels of an
    open row stand after it, those of a collapsed one within."""
    placed, y, number = [], 0, 0
    for one in rows:
        inside = one.pop("inside")
        number += 1
        one.update(id=number, gridPos={"x": 0, "y": y, **one["gridPos"]}, panels=[])
        placed.append(one)
        y, x, line = y + 1, 0, 0
        for part in inside:
            size = part["gridPos"]
            if x + size["w"] > WIDTH:
                y, x, line = y + line, 0, 0
            number += 1
            part.update(id=number, gridPos={"x": x, "y": y, **size})
            x, line = x + size["w"], max(line, size["h"])
            (one["panels"] if one["collapsed"] else placed).append(part)
        y += line
    return placed
