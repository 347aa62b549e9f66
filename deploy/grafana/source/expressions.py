"""PromQL of the panels: what every query has in common."""

BY = "$node_label"  # the label that names a node: a variable, since not every scrape sets `node`
ALL = 'job=~"$job", $node_label=~"$node"'
INTERVAL = "[$__rate_interval]"
RANGE = "[$__range]"


def of(metric, *more):
    """The metric on the selected nodes."""
    return f"{metric}{{{', '.join([ALL, *more])}}}"


def by(labels, vector, function="sum"):
    return f"{function} by ({labels}) ({vector})" if labels else f"{function}({vector})"


def rate(metric, labels="", *more):
    return by(labels, f"rate({of(metric, *more)}{INTERVAL})")


def increase(metric, labels="", *more, window=INTERVAL):
    return by(labels, f"increase({of(metric, *more)}{window})")


def a_node(metric, *more):
    """A gauge, one value a node: two pods of an update, or two ports, are not added up."""
    return by(BY, of(metric, *more), "max")


def quantile(q, metric, labels="", *more):
    return f"histogram_quantile({q}, {rate(metric + '_bucket', 'le' + (', ' + labels if labels else ''), *more)})"


def ratio(part, whole):
    """Nothing, where the whole is nothing."""
    return f"{part} / ({whole} > 0)"


def nonzero(vector):
    """Without the series that are always 0: their names would fill the legend."""
    return f"{vector} > 0"


UPSTREAM = 'to=~"$upstream"'


def upstream_rate(old, new, labels, *more):
    """CoreDNS has renamed its metrics of upstreams: the old name where it exists, else the new one."""
    return f"{rate(old, labels, UPSTREAM, *more)} or {rate(new, labels, UPSTREAM, *more)}"
