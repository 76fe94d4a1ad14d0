module kadm.test/launcher

go 1.26.0
