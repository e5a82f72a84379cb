package opensearchindex

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Error is what OpenSearch, or what stands before it, answered instead of a success.
type Error struct {
	Status int    // of HTTP
	Type   string // "mapper_parsing_exception"; "" if the answer is not OpenSearch's
	// Reason is OpenSearch's own text. It may quote documents and queries, so it is
	// in no error text.
	Reason string
}

// Error is without the Reason.
func (e *Error) Error() string {
	if hint, known := hints[e.Type]; known {
		return hint
	}
	return "the answer has status " + strconv.Itoa(e.Status)
}

var hints = map[string]string{
	"index_not_found_exception":        "the index was not made; run its Ensure when you deploy",
	"mapper_parsing_exception":         "the index has other types than the program declares; run its Ensure when you deploy",
	"strict_dynamic_mapping_exception": "the index lacks a field that the program declares; run its Ensure when you deploy",
	"cluster_block_exception":          "the index is blocked, for want of space on the disk perhaps",
	"security_exception":               "the domain's access control does not let the function's role do this; map the role",
}

// HTTPStatusCode is the Status.
func (e *Error) HTTPStatusCode() int { return e.Status }

// apiError is an Error of OpenSearch that says by its type what is wrong.
type apiError struct{ answer *Error }

var _ smithy.APIError = apiError{}

func (e apiError) Error() string                 { return e.answer.Error() }
func (e apiError) Unwrap() error                 { return e.answer }
func (e apiError) ErrorCode() string             { return e.answer.Type }
func (e apiError) ErrorMessage() string          { return "" }
func (e apiError) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }

// wrongError is an answer that the request is wrong, and the kind of that.
type wrongError struct {
	answer *Error
	kind   error
}

func (e wrongError) Error() string { return e.answer.Error() }

func (e wrongError) Unwrap() []error {
	return []error{e.answer, &datastore.Error{Kind: e.kind, Code: e.answer.Type}}
}

// failure is the error in an answer.
type failure struct {
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`
	RootCause []failure `json:"root_cause"`
}

// errorOf is the error of an answer.
func errorOf(status int, answer []byte) error {
	var body struct {
		Error failure `json:"error"`
	}
	_ = json.Unmarshal(answer, &body) // none, of another shape: what stands before has answered
	e := &Error{Status: status, Type: body.Error.Type, Reason: body.Error.Reason}
	if e.Type == "search_phase_execution_exception" && len(body.Error.RootCause) > 0 {
		e.Type, e.Reason = body.Error.RootCause[0].Type, body.Error.RootCause[0].Reason
	}
	switch {
	case e.Type == "":
		return e
	case status == http.StatusBadRequest:
		return wrongError{e, datastore.ErrDeclaration}
	}
	return apiError{e}
}
