package handler

// WithPathValues is the request as a mux leaves it: names and values in turn.
func WithPathValues(req *Request, pattern string, pairs ...string) *Request {
	m := &match{pattern: pattern}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.names = append(m.names, pairs[i])
		m.values = append(m.values, pairs[i+1])
	}
	return req.withMatch(m)
}
