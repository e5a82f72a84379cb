package lambda_test

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/go-playground/validator/v10"
)

// raw is the hand-written function that the doorway is measured against:
// aws-lambda-go's typed events, encoding/json, validator/v10 called by hand, and
// the routing left to API Gateway.
type raw struct {
	validate *validator.Validate
	routes   map[string]rawRoute
}

type rawRoute func(*events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

var jsonHeader = map[string]string{"content-type": "application/json"}

func rawReply(status int, v any) (events.APIGatewayV2HTTPResponse, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: jsonHeader, Body: string(b)}, nil
}

func newRaw() *raw {
	r := &raw{validate: validator.New()}
	r.routes = map[string]rawRoute{"GET /orders/{id}": r.get, "POST /orders": r.post}
	for i := range 50 {
		path := "/" + resource(i)
		for _, route := range []string{"GET " + path, "POST " + path, "GET " + path + "/{id}", "PUT " + path + "/{id}"} {
			r.routes[route] = r.get
		}
	}
	return r
}

func (r *raw) get(e *events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return rawReply(http.StatusOK, getOrder(e.PathParameters["id"], e.QueryStringParameters["expand"] == "true"))
}

func (r *raw) post(e *events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	var in createOrder
	if err := json.Unmarshal([]byte(e.Body), &in); err != nil {
		return rawReply(http.StatusBadRequest, map[string]string{"error": err.Error()})
	}
	if err := r.validate.Struct(&in); err != nil {
		return rawReply(http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
	}
	return rawReply(http.StatusCreated, placeOrder(&in))
}

// v2 serves an HTTP API.
func (r *raw) v2() awslambda.Handler {
	return awslambda.NewHandler(func(_ context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		route := r.routes[e.RouteKey]
		if route == nil {
			return rawReply(http.StatusNotFound, map[string]string{"error": "not found"})
		}
		return route(&e)
	})
}

// v1 serves a REST API.
func (r *raw) v1() awslambda.Handler {
	return awslambda.NewHandler(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		if e.HTTPMethod != http.MethodGet || e.Resource != "/orders/{id}" {
			return events.APIGatewayProxyResponse{StatusCode: http.StatusNotFound}, nil
		}
		b, err := json.Marshal(getOrder(e.PathParameters["id"], e.QueryStringParameters["expand"] == "true"))
		if err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Headers: jsonHeader, Body: string(b)}, nil
	})
}
