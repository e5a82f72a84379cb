package middleware

import (
	"context"
	"log/slog"
	"slices"
)

// logHandler adds to each line what is noted of its invocation, redacts its values, and
// keeps or drops it.
type logHandler struct {
	logs *Logs
	base slog.Handler // with the attributes that are in no group
	// groups that are open, outermost first. They are not the base's, because notes
	// are in no group.
	groups []openGroup
}

type openGroup struct {
	name  string
	attrs []slog.Attr
}

var _ slog.Handler = (*logHandler)(nil)

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.logs.enabled(ctx, level) && !h.logs.replaying(ctx) || h.logs.of(ctx).below(level)
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	inv := h.logs.of(ctx)
	written := h.logs.enabled(ctx, r.Level)
	// What an earlier invocation of a durable execution has kept was not told unless that
	// failed, so that it is kept again.
	kept := !written && inv.below(r.Level) && !inv.sampled
	if !kept && h.logs.replaying(ctx) {
		return nil
	}
	line := h.line(ctx, r)
	switch {
	case kept:
		inv.keep(h.base, line)
		return nil
	case written && inv != nil && r.Level >= slog.LevelError && h.logs.opts.Buffer > 0:
		inv.tellKept()
	}
	return h.base.Handle(ctx, line)
}

// line is the record with notes, and with values that may be told.
func (h *logHandler) line(ctx context.Context, r slog.Record) slog.Record {
	var room [16]slog.Attr
	attrs := appendNoted(room[:0], ctx)
	own := len(attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, redactAttr(a))
		return true
	})
	if len(h.groups) > 0 {
		attrs = append(attrs[:own:own], h.grouped(attrs[own:])...)
	}
	line := slog.NewRecord(r.Time, r.Level, cut(r.Message, maxTold), r.PC)
	line.AddAttrs(attrs...)
	return line
}

// appendNoted appends the notes of an invocation, its route and its version, as far as
// they are known.
func appendNoted(attrs []slog.Attr, ctx context.Context) []slog.Attr {
	n := notesOf(ctx)
	if n == nil {
		return attrs
	}
	from := len(attrs)
	attrs = n.appendTo(attrs)
	for i := range attrs[from:] {
		attrs[from+i] = redactAttr(attrs[from+i])
	}
	req := n.request()
	if req == nil {
		return attrs
	}
	if route := n.route(); route != "" && !noted(attrs, noteRoute) {
		attrs = append(attrs, slog.String(noteRoute, route))
	}
	if version := req.Version(); version != "" && !noted(attrs, noteVersion) {
		attrs = append(attrs, slog.String(noteVersion, version))
	}
	return attrs
}

func noted(attrs []slog.Attr, key string) bool {
	return slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == key })
}

// grouped are attributes in the groups that are open. A group without any is left out.
func (h *logHandler) grouped(attrs []slog.Attr) []slog.Attr {
	for _, g := range slices.Backward(h.groups) {
		attrs = slices.Concat(g.attrs, attrs)
		if len(attrs) == 0 {
			continue
		}
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(attrs...)}}
	}
	return attrs
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = redactAttr(a)
	}
	c := *h
	if len(h.groups) == 0 {
		c.base = h.base.WithAttrs(safe)
		return &c
	}
	c.groups = slices.Clone(h.groups)
	last := &c.groups[len(c.groups)-1]
	last.attrs = slices.Concat(last.attrs, safe)
	return &c
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.groups = append(slices.Clip(h.groups), openGroup{name: name})
	return &c
}
