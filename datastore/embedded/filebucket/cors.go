package filebucket

import (
	"net/http"
	"strings"
)

// preflight sets what browsers want to be told, and answers their question before
// a request. It reports whether that was all.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
func (b *bucket) preflight(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	asks := r.Method == http.MethodOptions
	if origin == "" && !asks {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	allowed := ""
	for _, o := range b.spec.OriginList() {
		if o == "*" || strings.EqualFold(o, origin) {
			allowed = o
		}
	}
	switch {
	case allowed == "" && asks:
		answerError(w, &failure{http.StatusForbidden, "AccessForbidden", "the origin is none of the bucket's; name it by blob.Origins"})
		return true
	case allowed == "":
		return false
	case allowed != "*":
		allowed = origin
	}
	h.Set("Access-Control-Allow-Origin", allowed)
	h.Set("Access-Control-Expose-Headers", "ETag")
	if asks {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST")
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		h.Set("Access-Control-Max-Age", "3000")
	}
	return asks
}
