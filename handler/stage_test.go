package handler_test

import (
	"fmt"
	"maps"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

func ExampleRequest_StageVariable() {
	req := handlertest.Request("GET", "/orders", handlertest.StageVariables(map[string]string{"level": "2"}))
	level, ok := req.StageVariable("level")
	_, missing := req.StageVariable("theme")
	fmt.Println(level, ok, missing, maps.Collect(req.StageVariables()))
	// Output: 2 true false map[level:2]
}
