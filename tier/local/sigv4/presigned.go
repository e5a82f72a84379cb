package sigv4

import (
	"strconv"
	"strings"
	"time"
)

// readQuery reads the presigned form, whose parts are parameters of the query.
func readQuery(r *Request, query []pair) (*claim, error) {
	params := make(map[string]string, 8)
	for _, p := range query {
		switch p.name {
		case paramAlgorithm, paramCredential, paramDate, paramExpires, paramSignedHeaders, paramSignature, paramToken, paramSHA256:
			if _, twice := params[p.name]; twice {
				return nil, refuse(IncompleteSignature, oneMechanism)
			}
			params[p.name] = p.value
		}
	}
	switch got := params[paramAlgorithm]; {
	case got == multiRegion:
		return nil, refuse(InvalidSignature, noMultiRegion)
	case got != "" && got != algorithm:
		return nil, refuse(IncompleteSignature, "X-Amz-Algorithm only supports \""+algorithm+"\".")
	}
	for _, name := range []string{paramAlgorithm, paramCredential, paramSignature, paramDate, paramSignedHeaders} {
		if params[name] == "" {
			return nil, refuse(IncompleteSignature, noQueryParts)
		}
	}
	c := &claim{presigned: true, token: params[paramToken]}
	if err := c.setCredential(params[paramCredential]); err != nil {
		return nil, err
	}
	if err := c.setDate(params[paramDate]); err != nil {
		return nil, err
	}
	if err := c.setSignedHeaders(params[paramSignedHeaders]); err != nil {
		return nil, err
	}
	if err := c.setSignature(params[paramSignature]); err != nil {
		return nil, err
	}
	if expires, ok := params[paramExpires]; ok {
		if err := c.setExpires(expires); err != nil {
			return nil, err
		}
	}
	return c, c.setQueryHeaders(r, params)
}

// setExpires reads a number of seconds, from 1 to those of a week.
func (c *claim) setExpires(text string) error {
	seconds, err := strconv.ParseUint(text, 10, 32)
	expires := time.Duration(seconds) * time.Second
	if err != nil || expires < time.Second || expires > maxExpires {
		return refuse(IncompleteSignature, "X-Amz-Expires must be a number of seconds from 1 to 604800, which is a week.")
	}
	c.expires = expires
	return nil
}

// setQueryHeaders reads what may stand in the query or in a header: the hash of
// the payload. The token belongs into the query only.
func (c *claim) setQueryHeaders(r *Request, params map[string]string) error {
	if _, count := r.one(headerToken); count > 0 {
		return refuse(IncompleteSignature, oneMechanism)
	}
	sha, count := r.one(headerSHA256)
	inQuery, ok := params[paramSHA256]
	if count > 1 || count == 1 && ok {
		return refuse(IncompleteSignature, "X-Amz-Content-Sha256 must be sent once.")
	}
	c.sha256 = sha + strings.TrimSpace(inQuery) // one of them is ""
	return nil
}
