package local

import "strings"

// lastOf is the last of some values, "" for none.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// headerValues are the values of a request header; net/http keeps Host apart.
func (x *exchange) headerValues(name string) []string {
	if strings.EqualFold(name, "Host") {
		return []string{x.Host}
	}
	return x.Header.Values(name)
}

// queryValues are the values of a query parameter, decoded.
func queryValues(raw, separators, name string) []string {
	var buf [16]field
	fields := queryFields(buf[:0], raw, separators, unescapeQuery)
	if i, found := find(fields, name); found {
		return fields[i].values
	}
	return nil
}

// parameter of the path as sent, "" if the route has none of that name.
func (m *match) parameter(name string) string {
	if m.resource == nil {
		return ""
	}
	for i, p := range m.resource.params {
		if p == name && i < len(m.values) {
			return m.values[i]
		}
	}
	return ""
}
