package local

import "strings"

// mediaTypes are the binaryMediaTypes of an API, in lower case: "image/png",
// "image/*", "*/*". A pattern such as "*/png" fits nothing.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html.
type mediaTypes []string

func newMediaTypes(patterns []string) mediaTypes {
	var m mediaTypes
	for _, p := range patterns {
		m = append(m, strings.ToLower(strings.TrimSpace(p)))
	}
	return m
}

// fit reports whether the first media type of a Content-Type or Accept header is
// binary. "*/*" among the patterns makes everything binary, no header included;
// a wildcard in the header is no more than text.
func (m mediaTypes) fit(header string) bool {
	if len(m) == 0 {
		return false
	}
	first, _, _ := strings.Cut(header, ",")
	first, _, _ = strings.Cut(first, ";")
	first = strings.ToLower(strings.TrimSpace(first))
	for _, p := range m {
		family, any := strings.CutSuffix(p, "*")
		switch {
		case p == "*/*":
			return true
		case any && strings.HasSuffix(family, "/") && strings.HasPrefix(first, family):
			return true
		case p == first && first != "":
			return true
		}
	}
	return false
}
