package local

import (
	"net/http"
	"strconv"
	"strings"
)

// refusal is an answer that a front door gives itself. "$context.requestId" in
// its body stands for the request's id.
type refusal struct {
	status      int
	contentType string
	body        string
	errorType   string // x-amzn-ErrorType; "" for none
}

const jsonType = "application/json"

// answer is the refusal of the request of that id.
func (r *refusal) answer(requestID string) *answer {
	body := r.body
	if strings.Contains(body, "$context.requestId") {
		body = strings.ReplaceAll(body, "$context.requestId", requestID)
	}
	a := &answer{status: r.status, header: http.Header{"Content-Type": {r.contentType}}, body: []byte(body)}
	if r.errorType != "" {
		a.header["x-amzn-ErrorType"] = []string{r.errorType}
		a.refused = r
	}
	return a
}

// page is the refusal of a load balancer: an HTML page of the status.
func page(status int) refusal {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	return refusal{status: status, contentType: "text/html", body: "<html>\r\n<head><title>" + title + "</title></head>\r\n" +
		"<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"}
}
