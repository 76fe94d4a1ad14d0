module kadm.test/pause

go 1.26.0
