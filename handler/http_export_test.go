package handler

// WithMatch is req as the mux would pass it on; tests of the bridges need no mux.
func WithMatch(req *Request, pattern string, names, values []string) *Request {
	return req.withMatch(&match{pattern: pattern, names: names, values: values})
}
