package local

import (
	"net/http"
	"slices"
)

// answer makes an answer of a function's output. The first media type that the
// client accepts decides whether a base64 body is decoded.
func (d *restDoor) answer(x *exchange, data []byte) (*answer, error) {
	o, err := parseRestOutput(data)
	if err != nil {
		return nil, err
	}
	a := &answer{status: o.status, body: o.body}
	if a.header, err = restHeader(o); err != nil {
		return nil, err
	}
	if o.base64 && d.binary.fit(x.Header.Get("Accept")) {
		if a.body, err = decoded(o.body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// restHeader joins the two maps of an answer: values of multiValueHeaders
// first, in its spelling; a pair that is in both is sent once.
func restHeader(o *restOutput) (http.Header, error) {
	// The keys are canonical until all spellings are known.
	h := make(http.Header, len(o.headers)+len(o.multi)+1)
	var spelled map[string]string
	for i, f := range slices.Concat(o.multi, o.headers) {
		if err := checkHeader(f.name, f.values); err != nil {
			return nil, err
		}
		name, keep := restName(f.name)
		if !keep || len(f.values) == 0 {
			continue
		}
		canonical := http.CanonicalHeaderKey(name)
		if _, known := h[canonical]; !known && canonical != name {
			if spelled == nil {
				spelled = map[string]string{}
			}
			spelled[canonical] = name
		}
		for _, v := range f.values {
			if i < len(o.multi) || !slices.Contains(h[canonical], v) {
				h[canonical] = append(h[canonical], v)
			}
		}
	}
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = []string{jsonType}
	}
	for canonical, name := range spelled {
		h[name] = h[canonical]
		delete(h, canonical)
	}
	return h, nil
}

// restName is the name under which the client gets a header of a function,
// and whether it does at all.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
func restName(name string) (sent string, keep bool) {
	switch canonical := http.CanonicalHeaderKey(name); canonical {
	case "Connection", "Content-Length", "Date", "Server":
		return "x-amzn-Remapped-" + canonical, true
	case "Transfer-Encoding":
		return "", false
	case "Trailer":
		// It would announce what no answer of a function can have.
		return "", false
	case "X-Amzn-Requestid", "X-Amz-Apigw-Id", "X-Amzn-Trace-Id":
		return "", false // the gateway's own
	case "Content-Type":
		// The one name that decides something on the way out, so in the one
		// spelling that net/http knows.
		return canonical, true
	}
	return name, true
}
