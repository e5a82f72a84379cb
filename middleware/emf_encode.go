package middleware

import (
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDimensionValue is how long the value of a dimension may be.
const maxDimensionValue = 1024

// encode is the line, with the line break at its end.
func (l *emfLine) encode(namespace string, n *notes) []byte {
	b := append(l.out, `{"_aws":{"Timestamp":`...)
	b = strconv.AppendInt(b, l.at, 10)
	b = append(b, `,"CloudWatchMetrics":[`...)
	for i := range l.directives {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.appendDirective(b, i, namespace)
	}
	b = append(b, `]}`...)
	b = l.appendDimensions(b)
	for i := range l.targets {
		b = l.targets[i].append(b)
	}
	b = l.appendNotes(b, n)
	l.out = append(b, "}\n"...)
	return l.out
}

func (l *emfLine) appendDirective(b []byte, i int, namespace string) []byte {
	b = append(b, `{"Namespace":`...)
	b = appendQuoted(b, namespace)
	b = append(b, `,"Dimensions":[[`...)
	b = append(b, l.directives[i].text.names...)
	b = append(b, `]],"Metrics":[`...)
	first := true
	for t := range l.targets {
		if l.targets[t].directive != i {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, l.targets[t].text.definition...)
	}
	return append(b, `]}`...)
}

// metricText is what lines have of a metric. It is the same in all of them.
type metricText struct {
	of         *Metric
	definition []byte // {"Name":"Duration","Unit":"Milliseconds"}
	member     []byte // ,"Duration":
}

// write has the text be that of m, in the memory that it has.
func (t *metricText) write(m *Metric) {
	if t.of != m {
		t.of, t.definition = m, m.appendDefinition(t.definition[:0])
		t.member = append(appendQuoted(append(t.member[:0], ','), m.Name), ':')
	}
}

func (m *Metric) appendDefinition(b []byte) []byte {
	b = append(b, `{"Name":`...)
	b = appendQuoted(b, m.Name)
	b = append(b, `,"Unit":`...)
	b = appendQuoted(b, string(m.Unit))
	if m.HighResolution {
		b = append(b, `,"StorageResolution":1`...)
	}
	return append(b, '}')
}

// dimensionText is what lines have of a set of dimensions. It is mostly the same in them.
type dimensionText struct {
	of      []Dimension
	names   []byte // "function","route"
	members []byte // ,"function":"orders","route":"GET /orders"
	ends    []int  // of each in members
}

// write has the text be that of dims, in the memory that it has.
func (t *dimensionText) write(dims []Dimension) {
	if slices.Equal(t.of, dims) {
		return
	}
	const most = 4 << 10 // that is kept for the next ones
	if cap(t.members) > most {
		*t = dimensionText{}
	}
	t.of = append(t.of[:0], dims...)
	t.names, t.members, t.ends = t.names[:0], t.members[:0], t.ends[:0]
	for i, d := range dims {
		if i > 0 {
			t.names = append(t.names, ',')
		}
		t.names = appendQuoted(t.names, d.Name)
		t.members = append(appendQuoted(append(t.members, ','), d.Name), ':')
		t.members = appendQuoted(t.members, d.printable())
		t.ends = append(t.ends, len(t.members))
	}
}

// appendDimensions appends the value of each dimension once.
func (l *emfLine) appendDimensions(b []byte) []byte {
	for i := range l.directives {
		text := &l.directives[i].text
		if i == 0 {
			b = append(b, text.members...)
			continue
		}
		from := 0
		for j, d := range text.of {
			if !l.isBefore(i, d.Name) {
				b = append(b, text.members[from:text.ends[j]]...)
			}
			from = text.ends[j]
		}
	}
	return b
}

// isBefore reports whether one of the first n directives has a dimension.
func (l *emfLine) isBefore(n int, name string) bool {
	for i := range n {
		of := l.directives[i].text.of
		for j := range of {
			if of[j].Name == name {
				return true
			}
		}
	}
	return false
}

// printable is the value as CloudWatch takes it.
func (d *Dimension) printable() string {
	if strings.TrimSpace(d.Value) == "" {
		return "-"
	}
	clean := len(d.Value) <= maxDimensionValue
	for i := 0; clean && i < len(d.Value); i++ {
		clean = d.Value[i] >= ' ' && d.Value[i] <= '~'
	}
	if clean {
		return d.Value
	}
	ascii := func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}
	s := strings.Map(ascii, d.Value)
	return s[:min(len(s), maxDimensionValue)]
}

// append appends a metric with its values.
func (t *emfTarget) append(b []byte) []byte {
	b = append(b, t.text.member...)
	if len(t.values) == 1 {
		return appendNumber(b, t.values[0])
	}
	b = append(b, '[')
	for i, v := range t.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']')
}

func appendNumber(b []byte, v float64) []byte {
	if i := int64(v); float64(i) == v && i > -1e15 && i < 1e15 { // most counters
		return strconv.AppendInt(b, i, 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendNotes appends what is noted of the invocation, but for the route, which is a
// dimension of most.
func (l *emfLine) appendNotes(b []byte, n *notes) []byte {
	var some [2 * room]slog.Attr
	for _, a := range n.appendTo(some[:0]) {
		if !l.noted(a) || len(b) > maxLine-2*maxNoted {
			continue
		}
		b = append(b, ',')
		b = appendQuoted(b, cut(a.Key, maxNote))
		b = append(b, ':')
		switch a.Value.Kind() {
		case slog.KindString:
			b = appendQuoted(b, cut(a.Value.String(), maxNoted))
		case slog.KindBool:
			b = strconv.AppendBool(b, a.Value.Bool())
		case slog.KindInt64:
			b = strconv.AppendInt(b, a.Value.Int64(), 10)
		default:
			b = strconv.AppendUint(b, a.Value.Uint64(), 10)
		}
	}
	return b
}

// maxNoted is how much of a note stands in a line of metrics.
const maxNoted = 1024

// appendQuoted appends a text as a JSON string. What is no UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[from:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\t':
				b = append(b, '\\', 't')
			case '\r':
				b = append(b, '\\', 'r')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
			b = append(b, s[from:i]...)
			switch r {
			case '\u2028':
				b = append(b, `\u2028`...)
			case '\u2029':
				b = append(b, `\u2029`...)
			default:
				b = append(b, "\ufffd"...)
			}
			from = i + n
		}
		i += n
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
